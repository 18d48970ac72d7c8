package dev.mailbell.delivery.queue;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Numbers that rise: of a transaction that writes deliveries, taken before it commits, and of what
 * a lane does with deliveries. A transaction with the lower number may have been read from the
 * table before the other thing happened. Safe for many threads.
 */
final class CommitSequence {
    /** Before all others: nothing is known of when the transaction began. */
    static final long UNKNOWN = 0;

    private final AtomicLong last = new AtomicLong(UNKNOWN);

    long next() {
        return last.incrementAndGet();
    }
}
