package dev.mailbell.watch.account;

import dev.mailbell.watch.schedule.TimerQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The checks that are due and have not ended, wherever they wait: for the timer queue, a
 * connection, the account's lock, a permit or the database. Safe for many threads.
 */
final class DueChecks {
    private final TimerQueue<WatchedAccount> timers;
    private final LongSupplier nanoTime;
    private final Set<WatchedAccount> due = ConcurrentHashMap.newKeySet();

    DueChecks(TimerQueue<WatchedAccount> timers, LongSupplier nanoTime) {
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /** The account was taken from the queue: its check is due since the time of its timer. */
    void due(WatchedAccount watched) {
        watched.due().want(timers.dueAt(watched.timer()));
        due.add(watched);
    }

    /**
     * A check that is due cannot begin, or could not be recorded, because of the database. Its
     * timer was set anew, and it stays due since the time it had first.
     */
    void postponed(WatchedAccount watched, long since) {
        watched.due().postpone(since, timers.dueAt(watched.timer()));
        due.add(watched);
    }

    /** A check of the account has ended, or none is wanted any more. */
    void ended(WatchedAccount watched) {
        due.remove(watched);
        watched.due().ended(nanoTime.getAsLong());
    }

    /** The account is not watched any more. */
    void removed(WatchedAccount watched) {
        due.remove(watched);
    }

    /** For how many nanoseconds the oldest check has been due; 0 when none is. */
    long oldest() {
        return oldest(false);
    }

    /**
     * The same, but a check that waits for a mail host counts only from when its queue last moved:
     * the limits of the host make checks wait there by intent.
     */
    long stuck() {
        return oldest(true);
    }

    private long oldest(boolean stuck) {
        long now = nanoTime.getAsLong();
        long oldest = Math.max(0, -timers.untilFirst());
        forgetOver();
        for (WatchedAccount watched : due) {
            long age = now - watched.due().since(now);
            oldest = Math.max(oldest, stuck ? Math.min(age, watched.due().stillFor(now)) : age);
        }
        return oldest;
    }

    /** Forgets accounts that were changed or removed while their check was due. */
    void forgetOver() {
        due.removeIf(this::isOver);
    }

    /** For how many nanoseconds the account's check has been due; 0 when none is. */
    long age(WatchedAccount watched) {
        long now = nanoTime.getAsLong();
        return due.contains(watched) && !isOver(watched)
                ? Math.max(0, now - watched.due().since(now))
                : 0;
    }

    /** How many accounts have a check that is due. */
    int size() {
        return due.size();
    }

    /** An account whose timer was set anew waits for that. */
    private boolean isOver(WatchedAccount watched) {
        long dueIn = timers.dueIn(watched.timer());
        return watched.hasEnded()
                || dueIn > 0
                        && dueIn != Long.MAX_VALUE
                        && !watched.due().isPostponedTo(timers.dueAt(watched.timer()));
    }
}
