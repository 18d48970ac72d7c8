/**
 * Webhooks and their log of deliveries as resources. It calls the table of webhooks and {@code
 * delivery}; begin with {@link dev.mailbell.api.webhook.WebhookRoutes}.
 */
@NullMarked
package dev.mailbell.api.webhook;

import org.jspecify.annotations.NullMarked;
