package dev.mailbell.watch.schedule;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How long mail of one account is gathered before its next check, beyond what {@link HintBudget}
 * demands. The check counts the mail that came meanwhile, so that the sum stays exact. A burst is
 * not gathered. While mail keeps coming at a high rate, the wait grows with the time that this
 * lasts and with the number of accounts of this node that have such a rate. Times are nanoseconds
 * of one monotonic clock. For one thread at a time.
 */
final class EventBudget {
    /** The first spacing once an allowance is used up; each check more doubles it. */
    private static final long FIRST = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long FARTHEST = TimeUnit.SECONDS.toNanos(5);

    private static final int OVERDRAWN = 3;

    /**
     * 30 messages, and two more each second. An account that exceeds this shares in the slots of
     * its client.
     */
    private final Allowance busy = new Allowance(30, TimeUnit.MILLISECONDS.toNanos(500));

    /** 600 checks, and one more each second; 3,000 checks, and one more each 5 s. */
    private final List<Allowance> allowances =
            List.of(
                    new Allowance(600, TimeUnit.SECONDS.toNanos(1)),
                    new Allowance(3_000, TimeUnit.SECONDS.toNanos(5)));

    private long checkedAt;
    private long spacing;

    EventBudget(long now) {
        checkedAt = now;
    }

    /** A number of checks or messages, and one more for each span that passes. */
    private static final class Allowance {
        private final double most;
        private final long nanosEach;
        private double used;

        Allowance(double most, long nanosEach) {
            this.most = most;
            this.nanosEach = nanosEach;
        }

        /**
         * The excess has a limit, so that an account is not slowed all day after one long burst.
         */
        void use(long sinceLast, int times) {
            used = Math.max(0, used - (double) sinceLast / nanosEach) + times;
            used = Math.min(used, OVERDRAWN * most);
        }

        boolean isUsedUp() {
            return used > most;
        }

        /**
         * How long after a check the next one may begin; doubles with each check beyond the
         * allowance.
         */
        long spacing() {
            return isUsedUp()
                    ? (long) Math.min(nanosEach, FIRST * Math.pow(2, Math.min(used - most, 32)))
                    : 0;
        }
    }

    /**
     * A check that the server asked for has ended.
     *
     * @param took how long it took: an account is not checked for more than half of the time
     * @param found how many messages it found
     * @param slots what the busy accounts of the client share
     */
    void checked(long now, long took, int found, BusySlots.OfClient slots) {
        long sinceLast = Math.max(0, now - checkedAt);
        long next = took;
        busy.use(sinceLast, Math.max(1, found));
        if (busy.isUsedUp()) {
            next = Math.max(next, slots.reserve(now));
        }
        for (Allowance allowance : allowances) {
            allowance.use(sinceLast, 1);
            next = Math.max(next, allowance.spacing());
        }
        spacing = Math.min(FARTHEST, next);
        checkedAt = now;
    }

    /** How long to gather before the next such check; zero when it may be made at once. */
    Duration gathering(long now) {
        return Duration.ofNanos(Math.max(0, checkedAt + spacing - now));
    }
}
