/**
 * Webhooks as records, their table, and the rules for their URLs. It calls the database and the
 * address guard; begin with {@link dev.mailbell.webhook.Webhook}.
 */
@NullMarked
package dev.mailbell.webhook;

import org.jspecify.annotations.NullMarked;
