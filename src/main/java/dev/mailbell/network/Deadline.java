package dev.mailbell.network;

import java.time.Duration;

/**
 * The moment by which an operation must have ended, on the monotonic clock: setting the wall clock
 * does not move it.
 */
public final class Deadline {
    private final long nanoTime;

    private Deadline(long nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** A deadline that passes {@code span} from now; at most 24 hours. */
    public static Deadline after(Duration span) {
        if (span.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("a deadline more than a day ahead: " + span);
        }
        return new Deadline(System.nanoTime() + span.toNanos());
    }

    /** The time left; zero when past. */
    public Duration remaining() {
        return Duration.ofNanos(remainingNanos());
    }

    /** The time left in nanoseconds; zero when past. */
    public long remainingNanos() {
        return Math.max(0, nanoTime - System.nanoTime());
    }

    /**
     * The time left in milliseconds, rounded up, so that it is 0 only when the deadline is past.
     */
    public int remainingMillis() {
        return (int) ((remainingNanos() + 999_999) / 1_000_000);
    }

    /** The same but at least 1, for socket timeouts, where 0 means no timeout. */
    public int remainingMillisAtLeastOne() {
        return Math.max(1, remainingMillis());
    }

    public boolean isPast() {
        return System.nanoTime() - nanoTime >= 0;
    }

    /** The earlier of this deadline and one that passes {@code span} from now. */
    public Deadline atMost(Duration span) {
        long other = System.nanoTime() + span.toNanos();
        return other - nanoTime < 0 ? new Deadline(other) : this;
    }

    /** A deadline that passes {@code span} before this one. */
    public Deadline before(Duration span) {
        return new Deadline(nanoTime - span.toNanos());
    }
}
