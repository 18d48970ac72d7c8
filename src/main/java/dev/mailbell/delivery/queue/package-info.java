/**
 * The queues of deliveries, one for each webhook and in it one for each mailbox, and how the table
 * refills them. It calls {@code post}, {@code endpoint}, {@code outcome}, {@code outbox} and {@code
 * log}; start reading at {@link dev.mailbell.delivery.queue.DeliveryDispatcher}.
 */
@NullMarked
package dev.mailbell.delivery.queue;

import org.jspecify.annotations.NullMarked;
