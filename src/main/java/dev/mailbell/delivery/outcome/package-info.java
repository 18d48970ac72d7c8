/**
 * Writes the outcomes of attempts, and their effect on the health of webhooks, to the tables. It
 * calls {@code endpoint}, {@code outbox}, {@code log}, {@code event} and {@code webhook}; start
 * reading at {@link dev.mailbell.delivery.outcome.OutcomeWriter}.
 */
@NullMarked
package dev.mailbell.delivery.outcome;

import org.jspecify.annotations.NullMarked;
