package dev.mailbell.delivery.post;

import dev.mailbell.delivery.http.PostResult;
import dev.mailbell.delivery.http.PostResult.Answered;
import dev.mailbell.delivery.http.PostResult.Failed;
import dev.mailbell.delivery.http.WebhookClient;
import dev.mailbell.delivery.http.WebhookPost;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.Attempt.Fault;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.fairness.ActingClient;
import dev.mailbell.secret.Keyring;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookUrl;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.function.Supplier;

/** Makes one attempt: decrypts the webhook's secrets, posts the payload and maps the result. */
public final class AttemptExecutor {
    private final WebhookClient client;
    private final DecryptedSecretCache secrets;
    private final Supplier<Duration> timeout;
    private final InstantSource clock;

    public AttemptExecutor(
            WebhookClient client,
            Keyring keyring,
            Supplier<Duration> timeout,
            InstantSource clock) {
        this.client = client;
        this.secrets = new DecryptedSecretCache(keyring);
        this.timeout = timeout;
        this.clock = clock;
    }

    /** Posts a delivery; a failure of the network or the endpoint is part of the answer. */
    public Attempt attempt(Webhook webhook, Delivery delivery) {
        Instant at = clock.instant();
        WebhookHeaders headers = secrets.headers(webhook);
        WebhookPost post =
                new WebhookPost(
                        WebhookUrl.parse(webhook.url()),
                        delivery.id().toString(),
                        delivery.payload().getBytes(StandardCharsets.UTF_8),
                        webhook.secretsAt(at).stream()
                                .map(secret -> secrets.decrypt(webhook.id(), secret))
                                .toList(),
                        headers);
        PostResult result =
                ActingClient.call(webhook.clientId(), () -> client.post(post, timeout.get()));
        return switch (result) {
            case Answered answered ->
                    new Attempt(
                            at,
                            answered.duration(),
                            answered.status(),
                            headers.isEmpty()
                                    ? answered.bodyStart()
                                    : headers.redact(answered.bodyStart()),
                            answered.isSuccess()
                                    ? null
                                    : "the receiver answered " + answered.status(),
                            answered.retryAfter().orElse(null),
                            answered.isSuccess() ? null : Fault.REFUSED);
            case Failed failed ->
                    new Attempt(
                            at,
                            failed.duration(),
                            null,
                            null,
                            headers.redact(failed.message()),
                            null,
                            fault(failed.kind()));
        };
    }

    /** The webhook was changed or deleted: its decrypted secrets are forgotten. */
    public void forgetSecrets(UUID webhookId) {
        secrets.forget(webhookId);
    }

    private static Fault fault(PostResult.Kind kind) {
        return switch (kind) {
            case TIMEOUT -> Fault.TIMEOUT;
            case CONNECT, UNKNOWN_HOST -> Fault.UNREACHABLE;
            case TLS, BLOCKED, DISCONNECTED, PROTOCOL -> Fault.BROKEN;
            case LOCAL -> Fault.OURS;
        };
    }
}
