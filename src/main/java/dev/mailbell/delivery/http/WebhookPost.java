package dev.mailbell.delivery.http;

import dev.mailbell.secret.Secret;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookUrl;
import java.util.List;

/**
 * One POST to make.
 *
 * @param id the {@code webhook-id}: letters, digits, {@code -} and {@code _}; a dot separates the
 *     parts of the signed text
 * @param body the exact bytes to sign and send
 * @param secrets the valid signing secrets, at least one
 * @param headers those of the client besides
 */
@SuppressWarnings("ArrayRecordComponent") // sent, never compared
public record WebhookPost(
        WebhookUrl url, String id, byte[] body, List<Secret> secrets, WebhookHeaders headers) {
    /** Without headers of the client. */
    public WebhookPost(WebhookUrl url, String id, byte[] body, List<Secret> secrets) {
        this(url, id, body, secrets, WebhookHeaders.NONE);
    }

    public WebhookPost {
        boolean plain =
                id.chars()
                        .allMatch(c ->
                                c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '_'));
        if (id.isEmpty() || !plain) {
            throw new IllegalArgumentException("not a webhook-id: \"" + id + "\"");
        }
        secrets = List.copyOf(secrets);
    }
}
