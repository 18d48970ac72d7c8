package dev.mailbell.ui.page;

import dev.mailbell.client.Scope;
import dev.mailbell.webhook.WebhookUrl;

/** The URL of a webhook as a page shows it: path and query may carry a token. */
public final class ShownUrl {
    private ShownUrl() {}

    /** The whole for those who may change it; its beginning for others. */
    public static String of(String url, PageRequest request) {
        return request.may(Scope.WEBHOOKS_WRITE) ? url : host(url);
    }

    /** Without path and query. */
    public static String host(String url) {
        try {
            return WebhookUrl.parse(url).toString();
        } catch (IllegalArgumentException notAUrl) {
            // Stored by a version with other rules.
            return "an unreadable URL";
        }
    }
}
