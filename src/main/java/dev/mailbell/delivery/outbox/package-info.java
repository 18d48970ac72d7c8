/**
 * Writes events and their deliveries, in the transaction of the change that caused them. It calls
 * the database, {@code event} and {@code webhook}; start reading at {@link
 * dev.mailbell.delivery.outbox.MergingEventWriter}.
 */
@NullMarked
package dev.mailbell.delivery.outbox;

import org.jspecify.annotations.NullMarked;
