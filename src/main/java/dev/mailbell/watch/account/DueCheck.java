package dev.mailbell.watch.account;

import dev.mailbell.watch.schedule.CheckWait;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether an account's next check is due, since when, and what it waits for. */
public final class DueCheck {
    private volatile boolean wanted;
    private volatile long wantedSince;
    private volatile long underWaySince;
    private volatile boolean underWay;
    private volatile int begun;
    private volatile long endedAt;
    private volatile boolean answered;
    private volatile long answeredAt;
    private volatile boolean postponed;
    private volatile long postponedTo;
    private volatile long postponedSince;
    private volatile @Nullable CheckWait waiting;

    /** Whether a check is due; true until one begins. */
    public boolean isWanted() {
        return wanted;
    }

    /**
     * @param since the monotonic clock's nanoseconds
     */
    public void want(long since) {
        if (!wanted) {
            wantedSince = dueSince(since);
            wanted = true;
            postponed = false;
        }
    }

    /** Since when a check has been due whose timer was set to this time. */
    private long dueSince(long time) {
        return isPostponedTo(time) ? postponedSince : time;
    }

    /**
     * A check begins. It no longer waits for a connection or a permit.
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
     * The check stays due, and is to begin at another time.
     *
     * @param since the time to which its timer was set
     * @param to the time to which it is set now
     */
    void postpone(long since, long to) {
        postponedSince = dueSince(since);
        postponedTo = to;
        postponed = true;
    }

    /** Whether a check that is due was postponed to this time. */
    boolean isPostponedTo(long time) {
        return postponed && postponedTo == time;
    }

    /** How many nanoseconds ago the last check ended; negative when none has. */
    long sinceEnded(long now) {
        return begun == 0 ? -1 : now - endedAt;
    }

    /**
     * Since when the check that is due or under way has been due; {@code now} when there is none.
     */
    long since(long now) {
        return underWay ? underWaySince : wanted ? wantedSince : postponed ? postponedSince : now;
    }

    /** A check has succeeded or failed. */
    void answered(long now) {
        answeredAt = now;
        answered = true;
    }

    /** How long ago a check last succeeded or failed; empty when none has. */
    Optional<Duration> sinceAnswered(long now) {
        return answered ? Optional.of(Duration.ofNanos(now - answeredAt)) : Optional.empty();
    }

    /** How many checks have begun. */
    public int begun() {
        return begun;
    }

    boolean isWaiting() {
        CheckWait now = waiting;
        return now != null && now.isWaiting();
    }

    /**
     * For how long the queue has not moved in which the check waits.
     *
     * @param now the monotonic clock's nanoseconds
     */
    long stillFor(long now) {
        CheckWait current = waiting;
        return current != null && current.isWaiting() ? current.stillFor(now) : Long.MAX_VALUE;
    }

    /** The check waits for a connection or a permit; the wait before this one is cancelled. */
    public <T extends CheckWait> T waitFor(T next) {
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
