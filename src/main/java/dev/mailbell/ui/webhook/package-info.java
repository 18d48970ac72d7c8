/**
 * The pages of webhooks and of their deliveries. It calls the operations of the API and the
 * delivery log; start reading at {@link dev.mailbell.ui.webhook.WebhookUi}.
 */
@NullMarked
package dev.mailbell.ui.webhook;

import org.jspecify.annotations.NullMarked;
