package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.database.Database;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.Proof;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.AbstractSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The accounts under watch, by their ids; the door to the looks that the HTTP API asks for. */
final class WatchedAccounts implements Watch {
    private final Map<UUID, WatchedAccount> watches = new ConcurrentHashMap<>();

    /** The locks of accounts whose last session is being closed. */
    private final Map<UUID, ReentrantLock> leaving = new ConcurrentHashMap<>();

    /** Accounts that were changed or removed while all were read at the start. */
    private volatile Set<UUID> touched = ConcurrentHashMap.newKeySet();

    private final AccountStore accounts;
    private final TimerQueue<WatchedAccount> timetable;
    private final OnDemandChecks onDemand;
    private final CredentialResolver logins;
    private final InstantSource clock;
    private final LongSupplier nanoTime;

    WatchedAccounts(
            AccountStore accounts,
            TimerQueue<WatchedAccount> timetable,
            OnDemandChecks onDemand,
            CredentialResolver logins,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.accounts = accounts;
        this.timetable = timetable;
        this.onDemand = onDemand;
        this.logins = logins;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    @Override
    public void watch(Account account) {
        logins.forget(account);
        touched.add(account.id());
        WatchedAccount fresh =
                watches.compute(
                        account.id(),
                        (id, old) -> {
                            Optional<Account> now = present(account);
                            if (old != null) {
                                end(old);
                            }
                            return now.map(present -> successor(present, old)).orElse(null);
                        });
        if (fresh != null) {
            timetable.schedule(fresh.slot(), 0);
        }
    }

    /**
     * The account as it is now: of two changes at once the later one may be told first. A database
     * that is away right behind a commit leaves what was committed.
     */
    private Optional<Account> present(Account told) {
        try {
            return accounts.find(told.id())
                    .filter(account -> account.state() != AccountState.PAUSED);
        } catch (RuntimeException e) {
            if (Database.isAway(e)) {
                return Optional.of(told);
            }
            throw e;
        }
    }

    private WatchedAccount successor(Account account, @Nullable WatchedAccount old) {
        ReentrantLock lock =
                old != null
                        ? old.looking()
                        : leaving.getOrDefault(account.id(), new ReentrantLock(true));
        WatchedAccount fresh = new WatchedAccount(account, lock, nanoTime);
        fresh.retryingTold(old != null && old.isRetryingTold());
        return fresh;
    }

    /** Until its session is closed, whoever watches the account next waits for the same lock. */
    private void end(WatchedAccount old) {
        UUID id = old.account().id();
        leaving.put(id, old.looking());
        timetable.cancel(old.slot());
        old.end(() -> leaving.remove(id, old.looking()));
    }

    /**
     * Begins to watch an account that was read at the start, with the first look after a wait; not
     * one that was changed since it was read.
     *
     * @param retryingTold whether the client was told that looks fail
     */
    void watchFirst(Account account, Duration wait, boolean retryingTold) {
        WatchedAccount fresh = new WatchedAccount(account, new ReentrantLock(true), nanoTime);
        fresh.retryingTold(retryingTold);
        watches.compute(
                account.id(), (id, other) -> other != null || touched.contains(id) ? other : fresh);
        if (watches.get(account.id()) == fresh) {
            timetable.schedule(fresh.slot(), wait.toNanos());
        }
    }

    /** All accounts are read: what was changed meanwhile need not be remembered any more. */
    void started() {
        touched = new Forgetful();
    }

    /** Remembers nothing. */
    private static final class Forgetful extends AbstractSet<UUID> {
        @Override
        public boolean add(UUID id) {
            return true;
        }

        @Override
        public Iterator<UUID> iterator() {
            return Collections.emptyIterator();
        }

        @Override
        public int size() {
            return 0;
        }
    }

    @Override
    public void forget(UUID accountId) {
        touched.add(accountId);
        watches.computeIfPresent(
                accountId,
                (id, old) -> {
                    end(old);
                    logins.forget(old.account());
                    return null;
                });
    }

    /** All accounts under watch, as they are now. */
    Collection<WatchedAccount> all() {
        return watches.values();
    }

    @Override
    public List<Checked> check(Account account) {
        return check(account, deadline());
    }

    @Override
    public Mailbox position(Account account, String mailbox, PositionUpdate update) {
        return position(account, mailbox, update, deadline());
    }

    @Override
    public Verified verify(Account account, LoginSecret secret) {
        return verify(account, secret, deadline());
    }

    @Override
    public Deadline deadline() {
        return onDemand.deadline();
    }

    @Override
    public List<Checked> check(Account account, Deadline deadline) {
        return onDemand.check(watchOf(account), deadline);
    }

    @Override
    public Mailbox position(
            Account account, String mailbox, PositionUpdate update, Deadline deadline) {
        return onDemand.position(watchOf(account), mailbox, update, deadline);
    }

    @Override
    public Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        return onDemand.verify(account, secret, deadline);
    }

    @Override
    public Optional<Live> live(UUID accountId) {
        WatchedAccount watch = watches.get(accountId);
        if (watch == null) {
            return Optional.empty();
        }
        long dueIn = timetable.dueIn(watch.slot());
        Instant next =
                dueIn == Long.MAX_VALUE
                        ? null
                        : clock.instant()
                                .truncatedTo(ChronoUnit.MILLIS)
                                .plusMillis(Math.max(0, dueIn) / 1_000_000);
        Proof proof = watch.proof();
        return Optional.of(
                new Live(
                        watch.mode(),
                        proof == null ? null : proof.wireName(),
                        watch.lastCheckedAt(),
                        next));
    }

    /** An account's login was rewritten by us. */
    void renewed(Account account) {
        WatchedAccount watch = watches.get(account.id());
        if (watch != null) {
            watch.renewed(account.credential());
        }
    }

    private WatchedAccount watchOf(Account account) {
        WatchedAccount watch = watches.get(account.id());
        if (watch == null) {
            throw new NotWatchedException();
        }
        return watch;
    }
}
