package dev.mailbell.delivery.queue;

import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a queue knows of the table: whether it has a backlog, when the next delivery is due, and
 * whether a thread reads it. After a failed read the next one waits, 0.5 s at first and twice as
 * long each time, 10 s at most. Not safe for many threads.
 */
final class TableReadState {
    private static final long FIRST_RETRY = Duration.ofMillis(500).toNanos();
    private static final long MAX_RETRY = Duration.ofSeconds(10).toNanos();

    private boolean backlog = true;

    /** The backlog was marked while the table was being read. */
    private boolean markedWhileReading;

    private boolean beingRead;

    /** A thread waits for the throttle in order to read the table. */
    private boolean throttled;

    /**
     * Ids and mailboxes that left the queue during the read: their rows in the page are outdated.
     */
    private final Set<Object> departed = new HashSet<>();

    /** When the next delivery in the table is due; null when none is known. */
    private @Nullable Instant nextDue;

    /** Failed reads in a row. */
    private int failures;

    /** When the next read may begin after a failure, by the monotonic clock. */
    private long readableAt;

    /** Whether the table may hold due deliveries that are not in the queue. */
    boolean hasBacklog() {
        return backlog;
    }

    /** Whether a thread reads the table, or waits for one of the permits to do so. */
    boolean isBeingRead() {
        return beingRead;
    }

    /** Whether a thread waits for the throttle; while it does, another one may read the table. */
    boolean isThrottled() {
        return throttled;
    }

    /** The thread that was to read the table begins or ends to wait for the throttle. */
    void setThrottled(boolean throttled) {
        this.throttled = throttled;
    }

    /** Whether the table holds no deliveries as far as is known. */
    boolean isIdle() {
        return !backlog && nextDue == null;
    }

    /** The table may hold more due deliveries; a page that is being read may be too old to tell. */
    void markBacklog() {
        backlog = true;
        markedWhileReading = true;
    }

    /** The table holds a delivery that is due at this time. */
    void dueAt(Instant due) {
        if (nextDue == null || due.isBefore(nextDue)) {
            nextDue = due;
        }
    }

    /** Whether a page of the table is wanted now. */
    boolean isWanted(Instant now) {
        if (nextDue != null && !nextDue.isAfter(now)) {
            nextDue = null;
            markBacklog();
        }
        return backlog;
    }

    /**
     * Whether a thread may read the table now: no other one does, and the last read did not fail a
     * moment ago.
     *
     * @param nanoTime of the monotonic clock
     */
    boolean mayRead(long nanoTime) {
        return !beingRead && (failures == 0 || nanoTime - readableAt >= 0);
    }

    /** A thread is to read the table. */
    void begin() {
        beingRead = true;
        markedWhileReading = false;
        departed.clear();
    }

    /** The thread begins to read only now: the page will not hold what has departed before. */
    void restart() {
        departed.clear();
    }

    /** A delivery, or all of a mailbox, left the queue. */
    void departed(Object idOrMailbox) {
        if (beingRead) {
            departed.add(idOrMailbox);
        }
    }

    /** Whether the row of this delivery in the page is outdated. */
    boolean isOutdated(UUID id, String mailbox) {
        return departed.contains(id) || departed.contains(mailbox);
    }

    /** The table was read. */
    void succeeded(DeliveryStore.Page page) {
        beingRead = false;
        failures = 0;
        backlog = page.full() || markedWhileReading;
        if (page.next() != null) {
            dueAt(page.next());
        }
    }

    /** The table was not read after all. */
    void skipped() {
        beingRead = false;
    }

    /**
     * The table could not be read.
     *
     * @return how many reads in a row have failed
     */
    int failed(long nanoTime) {
        long wait = FIRST_RETRY << Math.min(failures, 5);
        failures++;
        readableAt = nanoTime + Math.min(wait, MAX_RETRY);
        return failures;
    }

    /** Forgets all: the table is read again, once the thread that reads it has returned. */
    void reset() {
        failures = 0;
        nextDue = null;
        markBacklog();
    }
}
