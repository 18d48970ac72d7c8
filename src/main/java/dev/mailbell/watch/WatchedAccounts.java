package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.database.Database;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.fairness.KnownClients;
import dev.mailbell.mail.Proof;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.AccountStatus;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.schedule.CheckOutcome;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.AbstractSet;
import java.util.ArrayList;
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
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The accounts under watch, by their ids. */
final class WatchedAccounts implements Watch {
    private final Map<UUID, WatchedAccount> accounts = new ConcurrentHashMap<>();

    /** The locks of accounts whose last session is being closed. */
    private final Map<UUID, ReentrantLock> leaving = new ConcurrentHashMap<>();

    /** Accounts that were changed or removed while all accounts are read at the start. */
    private volatile Set<UUID> touched = ConcurrentHashMap.newKeySet();

    private final AccountStore table;
    private final NewAccounts newAccounts;
    private final CheckSchedule schedule;
    private final OnDemandChecks onDemand;
    private final CredentialResolver credentials;
    private final KnownClients known;
    private final InstantSource clock;
    private final LongSupplier nanoTime;

    WatchedAccounts(
            AccountStore table,
            NewAccounts newAccounts,
            CheckSchedule schedule,
            OnDemandChecks onDemand,
            CredentialResolver credentials,
            KnownClients known,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.table = table;
        this.newAccounts = newAccounts;
        this.schedule = schedule;
        this.onDemand = onDemand;
        this.credentials = credentials;
        this.known = known;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    @Override
    public void watch(Account account) {
        known.add(account.clientId());
        touched.add(account.id());
        WatchedAccount fresh =
                accounts.compute(
                        account.id(),
                        (id, old) -> {
                            Optional<Account> now = present(account);
                            if (old != null) {
                                end(old);
                            }
                            credentials.changed(
                                    old == null ? null : old.account(), now.orElse(account));
                            return now.map(present -> successor(present, old)).orElse(null);
                        });
        if (fresh != null) {
            schedule.wanted(fresh);
        }
    }

    @Override
    public void watchNew(List<Account> registered) {
        List<Account> changed = new ArrayList<>();
        List<WatchedAccount> added = new ArrayList<>();
        for (Account account : registered) {
            touched.add(account.id());
            WatchedAccount fresh =
                    new WatchedAccount(account, false, new ReentrantLock(true), nanoTime);
            if (accounts.putIfAbsent(account.id(), fresh) == null) {
                added.add(fresh);
            } else {
                changed.add(account);
            }
        }
        // A change that is committed after this statement is reported after it, and replaces what
        // was put; one that was reported before is found by it.
        Set<UUID> unchanged = unchanged(added.stream().map(WatchedAccount::account).toList());
        for (WatchedAccount fresh : added) {
            if (unchanged.contains(fresh.account().id())) {
                schedule.wanted(fresh);
            } else {
                changed.add(fresh.account());
            }
        }
        changed.forEach(this::watch);
    }

    /** Where the database is away right after the commit, the accounts that were committed. */
    private Set<UUID> unchanged(List<Account> committed) {
        try {
            return newAccounts.unchanged(committed);
        } catch (RuntimeException e) {
            if (Database.isAway(e)) {
                return committed.stream().map(Account::id).collect(Collectors.toSet());
            }
            throw e;
        }
    }

    /**
     * The account as it is in the table now: of two changes at once the later may be reported
     * first. Where the database is away right after the commit, the account that was committed.
     */
    private Optional<Account> present(Account given) {
        try {
            return table.findInUse(given.id()).filter(Account::isWatched);
        } catch (RuntimeException e) {
            if (Database.isAway(e)) {
                return Optional.of(given);
            }
            throw e;
        }
    }

    private WatchedAccount successor(Account account, @Nullable WatchedAccount old) {
        ReentrantLock lock =
                old != null
                        ? old.session().lock()
                        : leaving.getOrDefault(account.id(), new ReentrantLock(true));
        boolean announced = old != null && old.stored().retryingAnnounced();
        return new WatchedAccount(account, announced, lock, nanoTime);
    }

    /** Until its session is closed, the next watch over the account waits for the same lock. */
    private void end(WatchedAccount old) {
        UUID id = old.account().id();
        ReentrantLock lock = old.session().lock();
        leaving.put(id, lock);
        schedule.removed(old);
        old.end(() -> leaving.remove(id, lock));
    }

    /**
     * Begins to watch an account that was read at the start; not one that was changed since.
     *
     * @param turn the wait that spreads the first checks; negative for a turn that is over
     * @param retryingAnnounced whether the event {@code account.retrying} was written
     */
    void watchFirst(Account account, Duration turn, boolean retryingAnnounced) {
        known.add(account.clientId());
        WatchedAccount fresh =
                new WatchedAccount(account, retryingAnnounced, new ReentrantLock(true), nanoTime);
        accounts.compute(
                account.id(), (id, other) -> other != null || touched.contains(id) ? other : fresh);
        if (accounts.get(account.id()) == fresh) {
            schedule.happened(fresh, new CheckOutcome.Started(turn, clock.instant()));
        }
    }

    /** All accounts are read: changes need not be remembered any more. */
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
    public void changed(Collection<UUID> accountIds) {
        for (UUID id : accountIds) {
            table.findInUse(id)
                    .filter(Account::isWatched)
                    .ifPresentOrElse(this::watch, () -> forget(id));
        }
    }

    @Override
    public void forget(UUID accountId) {
        touched.add(accountId);
        accounts.computeIfPresent(
                accountId,
                (id, old) -> {
                    end(old);
                    credentials.forget(old.account());
                    return null;
                });
    }

    @Override
    public void forgetClient(UUID clientId) {
        accounts.forEach((id, watched) -> {
            if (watched.account().clientId().equals(clientId)) {
                forget(id);
            }
        });
    }

    /** All accounts under watch, as they are now. */
    Collection<WatchedAccount> all() {
        return accounts.values();
    }

    @Override
    public Deadline deadline() {
        return onDemand.deadline();
    }

    @Override
    public List<Checked> check(Account account, Deadline deadline) {
        return onDemand.check(require(account), deadline);
    }

    @Override
    public Mailbox position(
            Account account, String mailbox, PositionUpdate update, Deadline deadline) {
        return onDemand.position(require(account), mailbox, update, deadline);
    }

    @Override
    public Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        return onDemand.verify(account, secret, deadline);
    }

    @Override
    public Optional<Live> live(UUID accountId) {
        WatchedAccount watched = accounts.get(accountId);
        if (watched == null) {
            return Optional.empty();
        }
        AccountStatus status = watched.status();
        long dueIn = schedule.dueIn(watched);
        Instant next =
                dueIn == Long.MAX_VALUE
                        ? null
                        : clock.instant()
                                .truncatedTo(ChronoUnit.MILLIS)
                                .plusMillis(Math.max(0, dueIn) / 1_000_000);
        Proof proof = status.proof();
        return Optional.of(
                new Live(
                        status.mode(),
                        proof == null ? null : proof.wireName(),
                        status.lastCheckedAt(),
                        next));
    }

    /** A provider renewed an account's login, which is stored. */
    void renewed(Account account) {
        // Waits for a change that is under way, so that what it puts knows the login too.
        accounts.computeIfPresent(
                account.id(),
                (id, watched) -> {
                    watched.renewed(account.credential());
                    return watched;
                });
    }

    private WatchedAccount require(Account account) {
        WatchedAccount watched = accounts.get(account.id());
        if (watched == null) {
            throw new NotWatchedException();
        }
        return watched;
    }
}
