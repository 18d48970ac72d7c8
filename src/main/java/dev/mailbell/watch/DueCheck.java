package dev.mailbell.watch;

import dev.mailbell.watch.schedule.CheckWait;
import org.jspecify.annotations.Nullable;

/** Whether an account's next look is due, since when, and what it waits for. */
final class DueCheck {
    private volatile boolean wanted;
    private volatile long wantedSince;
    private volatile long underWaySince;
    private volatile boolean underWay;
    private volatile int begun;
    private volatile long endedAt;
    private volatile boolean postponed;
    private volatile long postponedTo;
    private volatile long postponedSince;
    private volatile @Nullable CheckWait waiting;

    /** A look is due; true until one begins. */
    boolean isWanted() {
        return wanted;
    }

    /**
     * @param since the monotonic clock's nanoseconds
     */
    void want(long since) {
        if (!wanted) {
            wantedSince = first(since);
            wanted = true;
            postponed = false;
        }
    }

    /** Since when a look has been due that was to begin at this time. */
    private long first(long time) {
        return isPostponedTo(time) ? postponedSince : time;
    }

    /**
     * A look begins: what waits is not needed any more.
     *
     * @return since when one was due; {@code now} when none was
     */
    long begin(long now) {
        long since = wanted ? wantedSince : postponed ? postponedSince : now;
        postponed = false;
        underWaySince = since;
        underWay = true;
        wanted = false;
        begun++;
        cancelWaiting();
        return since;
    }

    /**
     * @param now the monotonic clock's nanoseconds
     */
    void ended(long now) {
        endedAt = now;
        underWay = false;
    }

    /**
     * The look stays due, and is begun at another time.
     *
     * @param since the time it had, by the timetable
     * @param to the time it has
     */
    void postpone(long since, long to) {
        postponedSince = first(since);
        postponedTo = to;
        postponed = true;
    }

    /** Whether a look that is due was postponed to this time. */
    boolean isPostponedTo(long time) {
        return postponed && postponedTo == time;
    }

    /** How many nanoseconds ago the last look ended; negative when none has. */
    long sinceEnded(long now) {
        return begun == 0 ? -1 : now - endedAt;
    }

    /**
     * Since when the look that is due or under way has been due; {@code now} when there is none.
     */
    long since(long now) {
        return underWay ? underWaySince : wanted ? wantedSince : postponed ? postponedSince : now;
    }

    /** How many looks have begun. */
    int begun() {
        return begun;
    }

    boolean isWaiting() {
        CheckWait now = waiting;
        return now != null && now.isWaiting();
    }

    /**
     * For how long nothing has gone on where the look waits.
     *
     * @param now the monotonic clock's nanoseconds
     */
    long stillFor(long now) {
        CheckWait current = waiting;
        return current != null && current.isWaiting() ? current.stillFor(now) : Long.MAX_VALUE;
    }

    /** Waits for something; what it waited for before is given up. */
    <T extends CheckWait> T waitFor(T next) {
        CheckWait before = waiting;
        waiting = next;
        if (before != null) {
            before.cancel();
        }
        return next;
    }

    void cancelWaiting() {
        CheckWait now = waiting;
        waiting = null;
        if (now != null) {
            now.cancel();
        }
    }
}
