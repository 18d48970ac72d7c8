package dev.mailbell.ui.webhook;

import dev.mailbell.ui.page.ShownUrl;
import dev.mailbell.webhook.Webhook;

/** What a webhook is called in lists and titles. */
final class WebhookName {
    private WebhookName() {}

    /** Its description, or else the host of its URL. */
    static String of(Webhook webhook) {
        String description = webhook.description();
        return description == null || description.isBlank() ? host(webhook) : description;
    }

    /** Without path and query, which may carry a token. */
    static String host(Webhook webhook) {
        return ShownUrl.host(webhook.url());
    }
}
