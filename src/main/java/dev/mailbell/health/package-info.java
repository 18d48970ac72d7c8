/**
 * The health of the system as events for its operator: webhooks that fail, deliveries that were
 * given up, mails of the canary that are late; and the webhook that the operator configures. It
 * calls {@code delivery}, {@code cluster}, {@code mail.smtp} and the tables of webhooks; start
 * reading at {@link dev.mailbell.health.HealthService}.
 */
@NullMarked
package dev.mailbell.health;

import org.jspecify.annotations.NullMarked;
