package dev.mailbell.delivery.queue;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a lane knows of the table: whether it may hold more than the lane does, when more is due,
 * and whether a thread reads it. After a reading that failed the next one waits, each time twice as
 * long. Not safe for many threads.
 */
final class TableReadState {
    private static final long FIRST_RETRY = Duration.ofMillis(500).toNanos();
    private static final long LONGEST_RETRY = Duration.ofSeconds(10).toNanos();

    private boolean behind = true;

    /** A delivery was left to the table while the table was being read. */
    private boolean missed;

    private boolean underWay;

    /** Ids and queues that left while the table was being read: what was read of them is old. */
    private final Set<Object> left = new HashSet<>();

    /** When the table holds the next one that is due; null when none is known. */
    private @Nullable Instant nextDue;

    /** Readings in a row that failed, and when the next one may begin. */
    private int failures;

    private long readableAt;

    /** Whether the table may hold deliveries that are due and not in the lane. */
    boolean isBehind() {
        return behind;
    }

    /** Whether a thread reads the table, or waits to do so. */
    boolean isUnderWay() {
        return underWay;
    }

    /** Whether the table holds nothing that is known of. */
    boolean isIdle() {
        return !behind && nextDue == null;
    }

    /** The table holds more, and what is being read of it now may be too old to show that. */
    void markBehind() {
        behind = true;
        missed = true;
    }

    /** The table holds a delivery that is due then. */
    void dueAt(Instant due) {
        if (nextDue == null || due.isBefore(nextDue)) {
            nextDue = due;
        }
    }

    /**
     * Whether a reading is wanted and may begin.
     *
     * @param nanoTime of the monotonic clock
     */
    boolean isWanted(Instant now, long nanoTime) {
        if (nextDue != null && !nextDue.isAfter(now)) {
            nextDue = null;
            markBehind();
        }
        return behind && !underWay && (failures == 0 || nanoTime - readableAt >= 0);
    }

    /** A thread is to read the table. */
    void begin() {
        underWay = true;
        missed = false;
        left.clear();
    }

    /**
     * The thread has waited for its turn: what left the lane before it reads is not in what it
     * reads.
     */
    void restart() {
        left.clear();
    }

    /** A delivery or all of a mailbox left the lane. */
    void leaves(Object idOrQueue) {
        if (underWay) {
            left.add(idOrQueue);
        }
    }

    /** Whether what was read of a delivery is old. */
    boolean isOld(UUID id, String queue) {
        return left.contains(id) || left.contains(queue);
    }

    /** The table was read. */
    void succeeded(DeliveryStore.Page page) {
        underWay = false;
        failures = 0;
        behind = page.full() || missed;
        if (page.next() != null) {
            dueAt(page.next());
        }
    }

    /** The table was not read after all. */
    void skipped() {
        underWay = false;
    }

    /**
     * The table could not be read.
     *
     * @return how many readings in a row have failed
     */
    int failed(long nanoTime) {
        long wait = FIRST_RETRY << Math.min(failures, 5);
        failures++;
        readableAt = nanoTime + Math.min(wait, LONGEST_RETRY);
        return failures;
    }

    /** All is forgotten: the table is read anew. */
    void reset() {
        underWay = false;
        failures = 0;
        nextDue = null;
        markBehind();
    }
}
