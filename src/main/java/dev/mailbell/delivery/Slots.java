package dev.mailbell.delivery;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * How many POSTs are under way over all webhooks. Those to slow receivers may have a quarter of the
 * slots, so that however many hang, the fast ones find room. A slot that comes free is granted to
 * the lane that waits longest, first of those that have nothing under way: nobody overtakes them,
 * and a webhook with one fresh delivery does not wait for another's million. Safe for many threads.
 */
final class Slots {
    static final int ALL = 2048;
    private static final int SLOW = ALL / 4;

    /** Lanes that found no slot and have nothing under way; the others. */
    private final Set<Lane> idle = new LinkedHashSet<>();

    private final Set<Lane> busy = new LinkedHashSet<>();

    /** Lanes with a slot that is taken for them and not yet used. */
    private final Set<Lane> granted = new HashSet<>();

    private int taken;
    private int slow;

    /**
     * Takes a slot, or notes that the lane wants one.
     *
     * @param isIdle whether the lane has nothing under way
     */
    synchronized boolean take(Lane lane, boolean isSlow, boolean isIdle) {
        if (isSlow && slow >= SLOW) {
            return false;
        }
        if (!granted.remove(lane)) {
            if (taken >= ALL) {
                if (!isSlow) {
                    busy.remove(lane);
                    (isIdle ? idle : busy).add(lane);
                }
                return false;
            }
            taken++;
        }
        if (isSlow) {
            slow++;
        }
        return true;
    }

    /**
     * Gives a slot back.
     *
     * @return the lane that it is granted to now, which is to look for work; afterwards {@link
     *     #unused} must be asked
     */
    synchronized Optional<Lane> release(boolean wasSlow) {
        if (wasSlow) {
            slow--;
        }
        return passOn();
    }

    /**
     * Takes back a grant that its lane had no use for.
     *
     * @return the lane that it is granted to now
     */
    synchronized Optional<Lane> unused(Lane lane) {
        return granted.remove(lane) ? passOn() : Optional.empty();
    }

    private Optional<Lane> passOn() {
        Set<Lane> first = idle.isEmpty() ? busy : idle;
        Optional<Lane> next = first.stream().findFirst();
        if (next.isPresent()) {
            first.remove(next.get());
            busy.remove(next.get());
            granted.add(next.get());
        } else {
            taken--;
            notifyAll();
        }
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
