package dev.mailbell.delivery.queue;

import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookUrl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs the health of webhooks so that the operator knows whose it is, and what to do. */
final class WebhookLog {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookLog.class);

    private WebhookLog() {}

    /** A webhook has another state than this node knew. */
    static void changed(Webhook webhook) {
        // Without the path, which may carry a token.
        String where = WebhookUrl.parse(webhook.url()).toString();
        switch (webhook.state()) {
            case ENABLED ->
                    LOG.info(
                            "Webhook {} ({}, client {}) takes deliveries again",
                            webhook.id(),
                            where,
                            webhook.clientId());
            case FAILING ->
                    LOG.info(
                            "Webhook {} ({}, client {}) fails: {}; deliveries wait and are tried again",
                            webhook.id(),
                            where,
                            webhook.clientId(),
                            webhook.health().lastError());
            case DISABLED ->
                    LOG.warn(
                            "Webhook {} ({}, client {}) is disabled after {} failures: {}; its deliveries"
                                    + " wait until PATCH /v1/webhooks/{} sets its state to enabled",
                            webhook.id(),
                            where,
                            webhook.clientId(),
                            webhook.health().failures(),
                            webhook.health().lastError(),
                            webhook.id());
        }
    }
}
