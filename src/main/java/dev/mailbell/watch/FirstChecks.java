package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStore;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Reads all accounts at the start and spreads their first checks, in which clients take turns. */
final class FirstChecks {
    private static final int PAGE = 1000;

    /** First checks that begin in a second on this node; the limits of mail hosts are lower. */
    private static final int PER_SECOND = 500;

    private final AccountStore accounts;
    private final AccountStateTable states;

    FirstChecks(AccountStore accounts, AccountStateTable states) {
        this.accounts = accounts;
        this.states = states;
    }

    /** Begins to watch all accounts; answers how many. */
    long schedule(WatchedAccounts watched) {
        FirstTurns turns = new FirstTurns(states.watchedByClient());
        long count = 0;
        long begun = System.nanoTime();
        Set<UUID> announced = states.retryingAnnounced();
        UUID last = null;
        for (List<Account> page = accounts.page(last, PAGE);
                !page.isEmpty();
                page = accounts.page(last, PAGE)) {
            for (Account account : page) {
                if (account.isWatched()) {
                    count++;
                    Duration turn =
                            Duration.ofMillis(turns.next(account.clientId()) * 1000 / PER_SECOND);
                    // Of all turns that are over when all accounts are read the first is first.
                    Duration wait = turn.minusNanos(System.nanoTime() - begun);
                    watched.watchFirst(account, wait, announced.contains(account.id()));
                }
            }
            last = page.getLast().id();
        }
        return count;
    }
}
