/**
 * The outcomes of attempts and their effect on the health of webhooks, written to the tables. It
 * calls {@code endpoint}, {@code outbox} and {@code log}; begin with {@link
 * dev.mailbell.delivery.outcome.OutcomeWriter}.
 */
@NullMarked
package dev.mailbell.delivery.outcome;

import org.jspecify.annotations.NullMarked;
