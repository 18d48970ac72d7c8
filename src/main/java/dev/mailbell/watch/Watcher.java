package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.database.Database;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Rung;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.PushSession;
import dev.mailbell.mark.Pop3Observation;
import dev.mailbell.mark.PositionRefusedException;
import dev.mailbell.mark.PositionUpdate;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.Looker.Looked;
import dev.mailbell.watch.Looker.PositionIn;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The accounts under watch, and the looks that the HTTP API asks for. */
final class Watcher implements Watch {
    private static final Logger LOG = LoggerFactory.getLogger(Watcher.class);

    private static final Duration ASKED_FOR = Duration.ofMillis(200);

    private final Map<UUID, AccountWatch> watches = new ConcurrentHashMap<>();

    /** The locks of accounts whose last session is being closed. */
    private final Map<UUID, ReentrantLock> leaving = new ConcurrentHashMap<>();

    /** Accounts that were changed or removed while all were read at the start. */
    private volatile Set<UUID> touched = ConcurrentHashMap.newKeySet();

    private final AccountStore accounts;
    private final Timetable<AccountWatch> timetable;
    private final Looker looker;
    private final LookRunner looks;
    private final Trial trial;
    private final Logins logins;
    private final Pace pace;
    private final InstantSource clock;
    private final LongSupplier nanoTime;

    Watcher(
            AccountStore accounts,
            Timetable<AccountWatch> timetable,
            Looker looker,
            LookRunner looks,
            Trial trial,
            Logins logins,
            Pace pace,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.accounts = accounts;
        this.timetable = timetable;
        this.looker = looker;
        this.looks = looks;
        this.trial = trial;
        this.logins = logins;
        this.pace = pace;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    @Override
    public void watch(Account account) {
        logins.forget(account);
        touched.add(account.id());
        AccountWatch fresh =
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

    private AccountWatch successor(Account account, @Nullable AccountWatch old) {
        ReentrantLock lock =
                old != null
                        ? old.looking()
                        : leaving.getOrDefault(account.id(), new ReentrantLock(true));
        AccountWatch fresh = new AccountWatch(account, lock, nanoTime);
        fresh.retryingTold(old != null && old.isRetryingTold());
        return fresh;
    }

    /** Until its session is closed, whoever watches the account next waits for the same lock. */
    private void end(AccountWatch old) {
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
        AccountWatch fresh = new AccountWatch(account, new ReentrantLock(true), nanoTime);
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
    Collection<AccountWatch> all() {
        return watches.values();
    }

    @Override
    public List<Checked> check(Account account) {
        return lookNow(account, Source.CHECK, null).checked();
    }

    @Override
    public Mailbox position(Account account, String mailbox, PositionUpdate update) {
        AccountWatch watch = watchOf(account);
        if (account.mail().protocol() == Protocol.POP3 && update instanceof PositionUpdate.UpTo) {
            lock(watch);
            try {
                // A UID that a look has seen needs no other look.
                Optional<Mailbox> moved =
                        looker.reposition(watch, mailbox, update, new Pop3Observation.Unchanged());
                if (moved.isPresent()) {
                    return moved.get();
                }
            } catch (PositionRefusedException unknown) {
                LOG.debug(
                        "Account {}: a position that no look has seen yet, looking", account.id());
            } finally {
                watch.looking().unlock();
            }
        }
        lookNow(account, Source.POSITION, new PositionIn(mailbox, update));
        lock(watch);
        try {
            Mailbox stored = watch.mailboxes().get(mailbox);
            if (stored == null) {
                throw new NotWatchedException();
            }
            return stored;
        } finally {
            watch.looking().unlock();
        }
    }

    @Override
    public Verified verify(Account account, LoginSecret secret) {
        return trial.run(account, secret, Deadline.after(pace.timeout()));
    }

    @Override
    public Optional<Live> live(UUID accountId) {
        AccountWatch watch = watches.get(accountId);
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
        Rung proof = watch.proof();
        return Optional.of(
                new Live(
                        watch.mode(),
                        proof == null ? null : proof.wireName(),
                        watch.lastCheckedAt(),
                        next));
    }

    /** An account's login was rewritten by us. */
    void renewed(Account account) {
        AccountWatch watch = watches.get(account.id());
        if (watch != null) {
            watch.renewed(account.credential());
        }
    }

    /** A look on demand: by the caller's thread, and the schedule begins anew behind it. */
    private Looked lookNow(Account account, Source source, @Nullable PositionIn position) {
        AccountWatch watch = watchOf(account);
        lock(watch);
        try {
            Looked looked = looks.lookAtAll(watch, source, position);
            if (wantsPush(watch)) {
                // Whoever is to wait for push begins with a look of its own.
                timetable.schedule(watch.slot(), 0);
            }
            return looked;
        } finally {
            watch.looking().unlock();
        }
    }

    /** Whether push could go on, or be begun, and nobody waits with its mailbox open. */
    private boolean wantsPush(AccountWatch watch) {
        OpenSession open = watch.open();
        return open != null
                && pace.push(watch.account())
                && !watch.rhythm().wasPushRefused()
                && open.keepable().filter(PushSession::offersPush).isPresent()
                && !(watch.isPushing() && open.keepable().filter(PushSession::canPush).isPresent());
    }

    private AccountWatch watchOf(Account account) {
        AccountWatch watch = watches.get(account.id());
        if (watch == null) {
            throw new NotWatchedException();
        }
        return watch;
    }

    private void lock(AccountWatch watch) {
        try {
            Deadline deadline = Deadline.after(pace.timeout());
            while (!watch.lockWithin(ASKED_FOR)) {
                if (watch.hasEnded()) {
                    throw new NotWatchedException();
                }
                if (deadline.isPast()) {
                    throw new MailFailure(
                            FailureCode.TIMEOUT,
                            "another look at this account takes too long; try again");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MailFailure(FailureCode.TIMEOUT, "interrupted: the daemon is stopping", e);
        }
    }
}
