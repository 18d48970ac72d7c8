package dev.mailbell.watch.schedule;

import dev.mailbell.mail.PushSession.Hint;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When an account may be checked next because of hints, which its server gives unasked; {@link
 * EventBudget} may defer that further where mail comes all the time. Checks by hints are limited
 * whatever they find: {@value #BURST} at once, then one each {@value #REFILL_MILLIS} ms, and in a
 * burst never closer than {@value #GATHERED_MILLIS} ms. A kind of hint whose checks found no mail
 * twice in a row waits 1 s, 2 s, 4 s and so on, up to the safety interval; other kinds of hints do
 * not wait for it. For the thread that holds the account's lock.
 */
public final class HintBudget {
    /** Checks that may follow each other at once. */
    public static final int BURST = 60;

    public static final long REFILL_MILLIS = 500;
    public static final long GATHERED_MILLIS = 20;

    private static final long MILLI = 1_000_000;
    private static final long SECOND = 1_000 * MILLI;
    private static final long REFILL = REFILL_MILLIS * MILLI;

    /** A check so long after the one before is not part of a burst. */
    private static final long BURST_ENDS = SECOND;

    /** Checks without mail that are further apart than this do not add up. */
    private static final long RARE = 10 * SECOND;

    /** Longer than any safety interval. */
    private static final int MOST_DOUBLINGS = 20;

    private final LongSupplier nanoTime;
    private final Map<Hint, Misses> misses = new EnumMap<>(Hint.class);

    /** When the budget is full again: what a check costs is added to it. */
    private long fullAt;

    private long checkedAt;

    /** The hint for which the account was made due later; null for none. */
    private @Nullable Hint deferred;

    /** Checks in a row that found no mail, and when the last one was. */
    private record Misses(int checks, long at) {
        static final Misses NONE = new Misses(0, 0);

        long delay() {
            return checks < 2 ? 0 : SECOND << Math.min(checks - 2, MOST_DOUBLINGS);
        }

        boolean isOver(long now, long longest) {
            return checks == 0 || now - at > Math.max(RARE, 4 * Math.min(delay(), longest));
        }
    }

    HintBudget(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.fullAt = nanoTime.getAsLong();
        this.checkedAt = fullAt - 2 * BURST_ENDS;
    }

    /**
     * How long a hint that is there now must wait; zero when the account may be checked at once.
     *
     * @param longest a hint never waits longer than this after the check before
     */
    public Duration delay(Hint hint, Duration longest) {
        long now = nanoTime.getAsLong();
        long sinceCheck = now - checkedAt;
        long gathering = sinceCheck > BURST_ENDS ? 0 : GATHERED_MILLIS * MILLI - sinceCheck;
        long refilled = fullAt - now - (BURST - 1) * REFILL;
        Misses before = misses.getOrDefault(hint, Misses.NONE);
        long slowed =
                before.isOver(now, longest.toNanos())
                        ? 0
                        : before.at() + Math.min(before.delay(), longest.toNanos()) - now;
        return Duration.ofNanos(Math.max(0, Math.max(gathering, Math.max(refilled, slowed))));
    }

    /**
     * The account is made due later because of this hint. What it then costs is charged to this
     * kind of hint, even if the server has taken the hint back meanwhile.
     */
    public void deferred(Hint hint) {
        deferred = hint;
    }

    /** The hint for which the account was made due later; empty for none. */
    public Optional<Hint> deferred() {
        return Optional.ofNullable(deferred);
    }

    /** The account was checked for another reason than a hint. */
    public void forgetDeferred() {
        deferred = null;
    }

    /** The account was checked because of a hint. */
    public void checked(Hint hint, boolean foundMail, Duration longest) {
        long now = nanoTime.getAsLong();
        checkedAt = now;
        deferred = deferred == hint ? null : deferred;
        fullAt = Math.max(fullAt, now) + REFILL;
        Misses before = misses.getOrDefault(hint, Misses.NONE);
        if (foundMail) {
            misses.remove(hint);
        } else if (before.isOver(now, longest.toNanos())) {
            misses.put(hint, new Misses(1, now));
        } else {
            misses.put(hint, new Misses(before.checks() + 1, now));
        }
    }
}
