/**
 * The routes of webhooks and of their delivery log. It calls the table of webhooks and {@code
 * delivery}; start reading at {@link dev.mailbell.api.webhook.WebhookRoutes}.
 */
@NullMarked
package dev.mailbell.api.webhook;

import org.jspecify.annotations.NullMarked;
