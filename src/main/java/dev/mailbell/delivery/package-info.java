/**
 * The delivery of events to webhooks: events enter through the outbox and leave as POSTs. It starts
 * and stops its sub-packages, which do not call it; begin with {@link dev.mailbell.delivery.Outbox}
 * and {@link dev.mailbell.delivery.Deliveries}.
 */
@NullMarked
package dev.mailbell.delivery;

import org.jspecify.annotations.NullMarked;
