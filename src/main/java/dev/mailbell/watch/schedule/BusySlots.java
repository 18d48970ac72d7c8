package dev.mailbell.watch.schedule;

import java.util.concurrent.TimeUnit;

/**
 * Slots for the checks of busy accounts, whose servers push mail all the time: 50 a second for all
 * such accounts of this node together. Each account has one slot at a time, so that they alternate.
 * Safe for many threads.
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
