/**
 * Attempts, and the log of deliveries that clients read. It calls the database only; begin with
 * {@link dev.mailbell.delivery.log.DeliveryLog}.
 */
@NullMarked
package dev.mailbell.delivery.log;

import org.jspecify.annotations.NullMarked;
