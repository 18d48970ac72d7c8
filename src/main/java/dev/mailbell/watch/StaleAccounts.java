package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.delivery.Outbox;
import dev.mailbell.delivery.outbox.NewEvent;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventPayloads;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.FencedRecorder;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Announces {@code account.stale}, to the client and to the operator: a check is due, and none has
 * succeeded or failed for ten intervals. About failures is {@code account.retrying}. What is due is
 * known from memory. Only the row of a stale account is written: its mark goes with the account to
 * another node, and the next check that succeeds or fails removes it. For one thread.
 */
final class StaleAccounts {
    private static final Logger LOG = LoggerFactory.getLogger(StaleAccounts.class);
    private static final int INTERVALS = 10;

    /** Accounts that one round announces at most; the others have their turn in the next ones. */
    static final int MOST = 100;

    private final Jdbi jdbi;
    private final AccountStateTable table;
    private final Ownership ownership;
    private final Outbox outbox;
    private final CheckSchedule schedule;
    private final Function<Account, Duration> interval;
    private final InstantSource clock;
    private final LongSupplier nanoTime;

    /** The accounts that this node has marked, and when, by the monotonic clock. */
    private final Map<WatchedAccount, Long> marked = new HashMap<>();

    StaleAccounts(WatchService.Parts parts, CheckSchedule schedule) {
        this(
                parts.jdbi(),
                parts.ownership(),
                parts.outbox(),
                schedule,
                parts.policy()::interval,
                parts.clock(),
                parts.nanoTime());
    }

    /**
     * @param interval between the checks of an account
     */
    StaleAccounts(
            Jdbi jdbi,
            Ownership ownership,
            Outbox outbox,
            CheckSchedule schedule,
            Function<Account, Duration> interval,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.jdbi = jdbi;
        this.table = new AccountStateTable(jdbi);
        this.ownership = ownership;
        this.outbox = outbox;
        this.schedule = schedule;
        this.interval = interval;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    /** A round, once a minute. */
    void round(Collection<WatchedAccount> all) {
        marked.keySet().removeIf(WatchedAccount::hasEnded);
        List<WatchedAccount> stale = new ArrayList<>();
        List<WatchedAccount> checked = new ArrayList<>();
        for (WatchedAccount watched : all) {
            if (watched.isStaleAnnounced()) {
                if (wasCheckedSince(watched)) {
                    checked.add(watched);
                }
            } else if (stale.size() < MOST && isStale(watched)) {
                stale.add(watched);
            }
        }
        try {
            checked.forEach(this::checked);
            stale.forEach(this::announce);
        } catch (RuntimeException e) {
            if (!Database.isAway(e)) {
                throw e;
            }
            LOG.debug("Stale accounts are announced when the database is back");
        }
    }

    /** A regular check is due an interval after the last one. */
    private boolean isStale(WatchedAccount watched) {
        Duration due = schedule.dueFor(watched);
        if (due.isZero() || watched.hasEnded()) {
            return false;
        }
        boolean first = schedule.sinceChecked(watched).isEmpty();
        return due.compareTo(
                        interval.apply(watched.account())
                                .multipliedBy(first ? INTERVALS : INTERVALS - 1))
                > 0;
    }

    /**
     * Whether a check has succeeded or failed since the mark was set. One that another node has set
     * is older than any check of this one.
     */
    private boolean wasCheckedSince(WatchedAccount watched) {
        Long at = marked.get(watched);
        return schedule.sinceChecked(watched)
                        .filter(ago -> at == null || ago.toNanos() < nanoTime.getAsLong() - at)
                        .isPresent()
                && !isStale(watched);
    }

    private void checked(WatchedAccount watched) {
        Account account = watched.account();
        try {
            table.setChecked(account.id(), ownership.fence(account.shard()).condition());
            watched.staleAnnounced(false);
            LOG.info("Account {} ({}) is checked again", account.id(), account.mail().host());
        } catch (FencedException lost) {
            LOG.debug("Account {} is another node's", account.id());
        }
        marked.remove(watched);
    }

    private void announce(WatchedAccount watched) {
        Account account = watched.account();
        Duration every = interval.apply(account);
        try {
            ShardFence fence = FencedRecorder.fence(watched, ownership);
            List<Outbox.Pending> pending =
                    jdbi.inTransaction(handle -> {
                        if (!AccountStateTable.setStale(handle, account.id(), fence.condition())) {
                            return List.<Outbox.Pending>of();
                        }
                        return outbox.addWithCopy(
                                handle.getConnection(),
                                new NewEvent(
                                        event(watched, every),
                                        null,
                                        account.shard(),
                                        account.labels(),
                                        null),
                                null);
                    });
            // Also when the mark was there: a write whose commit was not answered made it.
            watched.staleAnnounced(true);
            marked.put(watched, nanoTime.getAsLong());
            if (!pending.isEmpty()) {
                LOG.warn(
                        "Account {} ({}) was not checked for {}, which is more than {} of its"
                                + " intervals: GET /v1/stats shows what checks wait for",
                        account.id(),
                        account.mail().host(),
                        schedule.dueFor(watched).plus(every).truncatedTo(ChronoUnit.SECONDS),
                        INTERVALS);
            }
            pending.forEach(Outbox.Pending::committed);
        } catch (FencedException | NotWatchedException lost) {
            LOG.debug("Account {} is not watched here any more", account.id());
        }
    }

    private Event event(WatchedAccount watched, Duration every) {
        Account account = watched.account();
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        Instant checkedAt =
                schedule.sinceChecked(watched)
                        .map(ago -> now.minus(ago).truncatedTo(ChronoUnit.MILLIS))
                        .orElse(null);
        return new Event(
                Ids.next(),
                account.clientId(),
                account.id(),
                EventType.ACCOUNT_STALE,
                now,
                EventPayloads.accountStale(account, every, checkedAt, now));
    }
}
