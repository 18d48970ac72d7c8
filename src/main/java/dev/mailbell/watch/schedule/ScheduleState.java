package dev.mailbell.watch.schedule;

import dev.mailbell.account.Account;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the time of an account's next check depends on, besides what has just happened.
 *
 * @param interval the configured polling interval
 * @param adapted the polling interval, adapted to how much mail comes
 * @param jitter by which share of itself an interval is made shorter or longer, 0 to 0.9
 * @param leastWait the shortest time to the next check, whatever the interval
 * @param drops connections in a row that were lost soon after they were opened
 * @param ownFaults checks in a row that this program could not record
 * @param untilSafetyCheck until all mailboxes are checked although the server gave no hint
 * @param dueIn until the next check by the timer that is set; null when no timer is set
 */
public record ScheduleState(
        Account account,
        Duration interval,
        Duration adapted,
        double jitter,
        Duration leastWait,
        int drops,
        int ownFaults,
        Duration untilSafetyCheck,
        @Nullable Duration dueIn) {

    /** Of an account by the configuration as it is now. */
    public static ScheduleState of(
            Account account,
            PollingPolicy policy,
            AdaptiveInterval adaptive,
            @Nullable Duration dueIn) {
        return new ScheduleState(
                account,
                policy.interval(account),
                policy.interval(account, adaptive.tempo()),
                policy.jitter(),
                adaptive.leastWait(),
                adaptive.drops(),
                adaptive.ownFaults(),
                Duration.ofNanos(adaptive.nanosToSafetyCheck()),
                dueIn);
    }

    /** Checks in a row that failed, 1 or more. */
    int attempts() {
        return account.failure() == null ? 1 : account.failure().attempts();
    }
}
