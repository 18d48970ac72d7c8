/**
 * Webhooks as records, their table, and the rules for their URLs. It calls the database, the
 * address guard and the types of {@code event}; start reading at {@link
 * dev.mailbell.webhook.Webhook}.
 */
@NullMarked
package dev.mailbell.webhook;

import org.jspecify.annotations.NullMarked;
