package dev.mailbell.watch.shard;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStateTable.Stored;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Makes the accounts that come under watch, with what is theirs from before a change. */
final class Successors {
    /** Of all histories together. */
    private static final long HISTORIES = 64L << 20;

    private final HistoryBudget histories = new HistoryBudget(HISTORIES);
    private final Endings endings;
    private final LongSupplier nanoTime;

    Successors(Endings endings, LongSupplier nanoTime) {
        this.endings = endings;
        this.nanoTime = nanoTime;
    }

    /** An account that was never watched before. */
    WatchedAccount first(Account account) {
        return make(account, false, new ReentrantLock(true), new CheckHistory(histories));
    }

    /**
     * @param old the account as it was watched until now; null for one that was not
     */
    WatchedAccount of(Stored now, @Nullable WatchedAccount old) {
        Account account = now.account();
        if (old != null) {
            return make(
                            account,
                            old.stored().retryingAnnounced(),
                            old.session().lock(),
                            old.history())
                    .withStale(old.isStaleAnnounced());
        }
        return make(
                        account,
                        now.retryingAnnounced(),
                        endings.lockOf(account.id()).orElseGet(() -> new ReentrantLock(true)),
                        new CheckHistory(histories))
                .withStale(now.staleAnnounced());
    }

    private WatchedAccount make(
            Account account, boolean announced, ReentrantLock lock, CheckHistory history) {
        return new WatchedAccount(account, announced, lock, nanoTime, history);
    }
}
