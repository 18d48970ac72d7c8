package dev.mailbell.network;

import java.time.Duration;

/**
 * A moment by which something must have ended, on the monotonic clock: a clock that jumps does not
 * move it.
 */
public final class Deadline {
    private final long nanoTime;

    private Deadline(long nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** The moment that lies {@code span} ahead; at most 24 hours. */
    public static Deadline after(Duration span) {
        if (span.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("a deadline more than a day ahead: " + span);
        }
        return new Deadline(System.nanoTime() + span.toNanos());
    }

    /** What is left; zero when past. */
    public Duration remaining() {
        return Duration.ofNanos(remainingNanos());
    }

    /** What is left in nanoseconds; zero when past. */
    public long remainingNanos() {
        return Math.max(0, nanoTime - System.nanoTime());
    }

    /**
     * What is left in whole milliseconds, rounded up: 0 only when past, so that it never means "no
     * timeout" before.
     */
    public int remainingMillis() {
        return (int) ((remainingNanos() + 999_999) / 1_000_000);
    }

    /** The same but at least 1, for a socket, which takes 0 for "wait for ever". */
    public int remainingMillisAtLeastOne() {
        return Math.max(1, remainingMillis());
    }

    public boolean isPast() {
        return System.nanoTime() - nanoTime >= 0;
    }

    /** The earlier of this moment and the one that lies {@code span} ahead. */
    public Deadline atMost(Duration span) {
        long other = System.nanoTime() + span.toNanos();
        return other - nanoTime < 0 ? new Deadline(other) : this;
    }

    /** The moment that lies {@code span} before this one. */
    public Deadline before(Duration span) {
        return new Deadline(nanoTime - span.toNanos());
    }
}
