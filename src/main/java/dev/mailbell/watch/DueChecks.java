package dev.mailbell.watch;

import dev.mailbell.watch.schedule.TimerQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * The checks that are due and have not ended, wherever they wait: in the timetable, for a
 * connection, for the account's lock, for a place, for the database. Safe for many threads.
 */
final class DueChecks {
    private final TimerQueue<WatchedAccount> timers;
    private final LongSupplier nanoTime;
    private final Set<WatchedAccount> due = ConcurrentHashMap.newKeySet();

    DueChecks(TimerQueue<WatchedAccount> timers, LongSupplier nanoTime) {
        this.timers = timers;
        this.nanoTime = nanoTime;
    }

    /** The timetable has given the account out: its check is due since the time it had there. */
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

    /** For how many nanoseconds the oldest check has been due; 0 when none is. */
    long oldest() {
        return oldest(false);
    }

    /**
     * The same, but the line before a mail host counts only for as long as it has not moved: its
     * limits make checks wait there by intent.
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

    /** How many accounts have a check that is due. */
    int size() {
        return due.size();
    }

    /** An account that has another time again waits for that. */
    private boolean isOver(WatchedAccount watched) {
        long dueIn = timers.dueIn(watched.timer());
        return watched.hasEnded()
                || dueIn > 0
                        && dueIn != Long.MAX_VALUE
                        && !watched.due().isPostponedTo(timers.dueAt(watched.timer()));
    }
}
