package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import dev.mailbell.watch.schedule.Backoff;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Reads all accounts at the start and spreads their first looks. */
final class FirstChecks {
    private static final int PAGE = 1000;

    /** No more than this many begin in a second on this node; mail hosts' own limits are lower. */
    private static final int PER_SECOND = 500;

    private final AccountStore accounts;
    private final AccountStateTable states;
    private final PollingPolicy pace;
    private final InstantSource clock;
    private final RandomGenerator random;

    FirstChecks(
            AccountStore accounts,
            AccountStateTable states,
            PollingPolicy pace,
            InstantSource clock,
            RandomGenerator random) {
        this.accounts = accounts;
        this.states = states;
        this.pace = pace;
        this.clock = clock;
        this.random = random;
    }

    /** Begins to watch all accounts; answers how many. */
    long schedule(WatchedAccounts watcher) {
        long count = 0;
        Set<UUID> told = states.retryingTold();
        UUID last = null;
        for (List<Account> page = accounts.page(last, PAGE);
                !page.isEmpty();
                page = accounts.page(last, PAGE)) {
            for (Account account : page) {
                if (account.state() != AccountState.PAUSED) {
                    watcher.watchFirst(
                            account, firstWait(account, ++count), told.contains(account.id()));
                }
            }
            last = page.getLast().id();
        }
        return count;
    }

    /** What came while no check was made is found soon, yet not all at once. */
    private Duration firstWait(Account account, long position) {
        Duration turn = Duration.ofMillis(position * 1000 / PER_SECOND);
        if (account.state() == AccountState.PARKED && account.failure() != null) {
            Duration probe =
                    Backoff.after(account.failure().code(), account.failure().attempts(), random);
            Duration waited = Duration.between(account.failure().since(), clock.instant());
            // A wall clock that was set back has not made the wait longer.
            return waited.isNegative()
                    ? probe
                    : probe.compareTo(waited) > 0 ? probe.minus(waited) : turn;
        }
        // Where there are too many for that, each still gets its look within its interval.
        Duration interval = pace.interval(account);
        return turn.compareTo(interval) <= 0
                ? turn
                : Duration.ofNanos((long) (interval.toNanos() * random.nextDouble()));
    }
}
