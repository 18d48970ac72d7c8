package dev.mailbell.delivery;

import java.time.Duration;

/**
 * When a table may be read again after readings that failed: each time after twice as long. Not safe
 * for many threads.
 */
final class ReadingBackoff {
    private static final long FIRST = Duration.ofMillis(500).toNanos();
    private static final long LONGEST = Duration.ofSeconds(10).toNanos();

    /** Readings in a row that failed, and when the next one may begin. */
    private int failures;

    private long readableAt;

    /**
     * @param nanoTime of the monotonic clock
     */
    boolean mayRead(long nanoTime) {
        return failures == 0 || nanoTime - readableAt >= 0;
    }

    void succeeded() {
        failures = 0;
    }

    /**
     * @return how many readings in a row have failed
     */
    int failed(long nanoTime) {
        long wait = FIRST << Math.min(failures, 5);
        failures++;
        readableAt = nanoTime + Math.min(wait, LONGEST);
        return failures;
    }
}
