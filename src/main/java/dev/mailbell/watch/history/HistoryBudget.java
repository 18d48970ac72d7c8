package dev.mailbell.watch.history;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Shares the memory for histories among the accounts that have one. Three quarters are for a check
 * of each, without its text. What histories have beyond that is counted, and all of it together is
 * in the last quarter.
 */
public final class HistoryBudget {
    /** Enough for twenty checks with their texts. */
    private static final int MOST = 4_096;

    /** Enough for one check without its text. */
    private static final int LEAST = 48;

    /** The header of an array. */
    private static final int HEADER = 16;

    /** What an array takes is a multiple of this. */
    private static final int ALIGNMENT = 8;

    private final long pool;
    private final AtomicInteger holders = new AtomicInteger();

    /** What histories have beyond {@value #LEAST} octets each. */
    private final AtomicLong taken = new AtomicLong();

    /**
     * @param total octets of all histories, as long as three quarters have room for {@value #LEAST}
     *     of each
     */
    public HistoryBudget(long total) {
        this.pool = total / 4 / ALIGNMENT * ALIGNMENT;
    }

    void added() {
        holders.incrementAndGet();
    }

    void removed() {
        holders.decrementAndGet();
    }

    /** How many accounts have a history. */
    int holders() {
        return holders.get();
    }

    /**
     * Takes what the next array of a history may need, in exchange for the present one.
     *
     * @param present the length of the present array; 0 for none
     * @return the length that the next one may have
     */
    int exchange(int present) {
        long own = beyond(present);
        long share =
                Math.min(MOST - LEAST, pool / Math.max(1, holders.get())) / ALIGNMENT * ALIGNMENT;
        long before = taken.getAndUpdate(all -> all - own + Math.clamp(pool - all + own, 0, share));
        return (int) (LEAST + Math.clamp(pool - before + own, 0, share)) - HEADER;
    }

    /**
     * Gives back what is not needed of what was taken.
     *
     * @param length that an array was to have
     * @param kept the length that it has; 0 when there is none
     */
    void giveBack(int length, int kept) {
        taken.addAndGet(beyond(kept) - beyond(length));
    }

    /** The octets of all histories. */
    long size() {
        return (long) holders.get() * LEAST + taken.get();
    }

    private static long beyond(int length) {
        long octets = (HEADER + length + ALIGNMENT - 1L) / ALIGNMENT * ALIGNMENT;
        return Math.max(0, octets - LEAST);
    }
}
