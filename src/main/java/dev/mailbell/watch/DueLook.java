package dev.mailbell.watch;

import org.jspecify.annotations.Nullable;

/** Whether an account's next look is due, since when, and what it waits for. */
final class DueLook {
    private volatile boolean wanted;
    private volatile long wantedSince;
    private volatile long underWaySince;
    private volatile boolean underWay;
    private volatile int begun;
    private volatile long endedAt;
    private volatile @Nullable Waiting waiting;

    /** A look is due; true until one begins. */
    boolean isWanted() {
        return wanted;
    }

    /**
     * @param since the monotonic clock's nanoseconds
     */
    void want(long since) {
        if (!wanted) {
            wantedSince = since;
            wanted = true;
        }
    }

    /**
     * A look begins: what waits is not needed any more.
     *
     * @return since when one was due; {@code now} when none was
     */
    long begin(long now) {
        long since = wanted ? wantedSince : now;
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

    /** How many nanoseconds ago the last look ended; negative when none has. */
    long sinceEnded(long now) {
        return begun == 0 ? -1 : now - endedAt;
    }

    /**
     * Since when the look that is due or under way has been due; {@code now} when there is none.
     */
    long since(long now) {
        return underWay ? underWaySince : wanted ? wantedSince : now;
    }

    /** How many looks have begun. */
    int begun() {
        return begun;
    }

    boolean isWaiting() {
        Waiting now = waiting;
        return now != null && now.isWaiting();
    }

    /**
     * For how long nothing has gone on where the look waits.
     *
     * @param now the monotonic clock's nanoseconds
     */
    long stillFor(long now) {
        return waiting instanceof Turn turn && turn.isWaiting()
                ? turn.stillFor(now)
                : Long.MAX_VALUE;
    }

    /** Waits for something; what it waited for before is given up. */
    <T extends Waiting> T waitFor(T next) {
        Waiting before = waiting;
        waiting = next;
        if (before != null) {
            before.cancel();
        }
        return next;
    }

    void cancelWaiting() {
        Waiting now = waiting;
        waiting = null;
        if (now != null) {
            now.cancel();
        }
    }
}
