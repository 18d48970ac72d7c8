package dev.mailbell.delivery;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * How many POSTs are under way over all webhooks. Those to slow receivers may have a quarter of the
 * slots, so that however many hang, the fast ones find room. Lanes that found none are served in
 * turn. Safe for many threads.
 */
final class Slots {
    static final int ALL = 2048;
    private static final int SLOW = ALL / 4;

    private final Set<Lane> hungry = new LinkedHashSet<>();
    private int taken;
    private int slow;

    /** Takes a slot, or notes that the lane wants one. */
    synchronized boolean take(Lane lane, boolean isSlow) {
        if (taken >= ALL || (isSlow && slow >= SLOW)) {
            if (!isSlow) {
                hungry.add(lane);
            }
            return false;
        }
        taken++;
        if (isSlow) {
            slow++;
        }
        return true;
    }

    /** Gives a slot back; the lane that waited longest for one is to look for work again. */
    synchronized Optional<Lane> release(boolean wasSlow) {
        taken--;
        if (wasSlow) {
            slow--;
        }
        notifyAll();
        Optional<Lane> next = hungry.stream().findFirst();
        next.ifPresent(hungry::remove);
        return next;
    }

    /** How many are taken now. */
    synchronized int taken() {
        return taken;
    }

    /** Waits until none is taken; false when that took longer than the limit. */
    synchronized boolean awaitNone(long limitNanos) throws InterruptedException {
        long end = System.nanoTime() + limitNanos;
        while (taken > 0) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }
}
