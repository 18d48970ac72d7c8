package dev.mailbell.delivery.queue;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Ascending numbers for two kinds of events: a transaction that writes deliveries takes one before
 * it commits, and a queue takes one when a delivery departs. A transaction with the lower number
 * may have been visible in the table before the departure. Safe for many threads.
 */
final class CommitSequence {
    /** Lower than all others: the time of the transaction is unknown. */
    static final long UNKNOWN = 0;

    private final AtomicLong last = new AtomicLong(UNKNOWN);

    long next() {
        return last.incrementAndGet();
    }
}
