package dev.mailbell.watch.schedule;

import java.util.concurrent.TimeUnit;

/**
 * When the accounts of this node may be checked whose servers tell of mail all the time: 50 times a
 * second for all together. Each has one slot at a time, so that they take turns. Safe for many
 * threads.
 */
public final class BusySlots {
    private static final long EACH = TimeUnit.MILLISECONDS.toNanos(20);

    /** Beyond that an account waits no longer, however many there are. */
    private static final long FARTHEST = TimeUnit.SECONDS.toNanos(5);

    private long next;

    public BusySlots(long now) {
        next = now;
    }

    /** Takes the next slot; answers how many nanoseconds from now it is. */
    synchronized long reserve(long now) {
        long earliest = Math.max(0, next - now);
        long slot = Math.min(earliest, FARTHEST);
        next = now + slot + EACH;
        return slot;
    }
}
