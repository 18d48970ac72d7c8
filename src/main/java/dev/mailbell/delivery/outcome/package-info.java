/**
 * Writes how attempts ended, and what that means for the health of webhooks. It calls {@code
 * endpoint}, {@code outbox} and {@code log}; begin with {@link
 * dev.mailbell.delivery.outcome.OutcomeWriter}.
 */
@NullMarked
package dev.mailbell.delivery.outcome;

import org.jspecify.annotations.NullMarked;
