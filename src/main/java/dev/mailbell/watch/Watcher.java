package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.database.Database;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Watches accounts: a timer for each that waits, a virtual thread for each that is looked at. */
final class Watcher implements Watch {
    private static final Logger LOG = LoggerFactory.getLogger(Watcher.class);

    /**
     * After a look whose result could not be recorded: the database is away, or we are at fault.
     */
    private static final Duration AFTER_OWN_FAULT = Duration.ofSeconds(5);

    /**
     * Long enough for a start with many overdue accounts, short enough to be told of a node that is
     * stuck.
     */
    private static final Duration PERMIT_WAIT = Duration.ofMinutes(10);

    private final Map<UUID, AccountWatch> watches = new ConcurrentHashMap<>();
    private final Timetable<AccountWatch> timetable;
    private final Looker looker;
    private final Trial trial;
    private final Logins logins;
    private final Standing standing;
    private final Pace pace;
    private final Semaphore concurrency;
    private final InstantSource clock;
    private final AtomicLong toldOfDatabase =
            new AtomicLong(System.nanoTime() - TimeUnit.HOURS.toNanos(1));

    Watcher(
            Timetable<AccountWatch> timetable,
            Looker looker,
            Trial trial,
            Logins logins,
            Standing standing,
            Pace pace,
            Semaphore concurrency,
            InstantSource clock) {
        this.timetable = timetable;
        this.looker = looker;
        this.trial = trial;
        this.logins = logins;
        this.standing = standing;
        this.pace = pace;
        this.concurrency = concurrency;
        this.clock = clock;
    }

    @Override
    public void watch(Account account) {
        logins.forget(account);
        watch(account, Duration.ZERO);
    }

    /** Begins to watch, with the first look after a wait. */
    void watch(Account account, Duration wait) {
        AccountWatch fresh =
                watches.compute(
                        account.id(),
                        (id, old) -> {
                            if (old != null) {
                                old.end();
                                timetable.cancel(old.slot());
                            }
                            return new AccountWatch(
                                    account, old == null ? new ReentrantLock() : old.looking());
                        });
        timetable.schedule(fresh.slot(), wait.toNanos());
    }

    @Override
    public void forget(UUID accountId) {
        AccountWatch old = watches.remove(accountId);
        if (old != null) {
            old.end();
            timetable.cancel(old.slot());
            logins.forget(old.account());
        }
    }

    @Override
    public List<Checked> check(Account account) {
        return lookNow(account, null).checked();
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
        lookNow(account, new PositionIn(mailbox, update));
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
                dueIn == Long.MAX_VALUE ? null : now().plusMillis(Math.max(0, dueIn) / 1_000_000);
        return Optional.of(new Live(watch.mode(), watch.lastCheckedAt(), next));
    }

    /** An account's login was rewritten by us. */
    void renewed(Account account) {
        AccountWatch watch = watches.get(account.id());
        if (watch != null) {
            watch.renewed(account.credential());
        }
    }

    /** A look on demand: by the caller's thread, and the schedule begins anew behind it. */
    private Looked lookNow(Account account, @Nullable PositionIn position) {
        AccountWatch watch = watchOf(account);
        lock(watch);
        try {
            return look(watch, "check", position);
        } finally {
            watch.looking().unlock();
        }
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
            if (!watch.looking().tryLock(pace.timeout().toNanos(), TimeUnit.NANOSECONDS)) {
                throw new MailFailure(
                        FailureCode.TIMEOUT,
                        "another look at this account takes too long; try again");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MailFailure(FailureCode.TIMEOUT, "interrupted: the daemon is stopping", e);
        }
    }

    /**
     * A database that is away fails every look: that is told once a minute, not once an account.
     */
    private void notRecorded(AccountWatch watch, RuntimeException e) {
        if (!Database.isAway(e)) {
            LOG.warn(
                    "Account {}: a look was not recorded and is made again",
                    watch.account().id(),
                    e);
            return;
        }
        long now = System.nanoTime();
        long told = toldOfDatabase.get();
        if (now - told > TimeUnit.MINUTES.toNanos(1) && toldOfDatabase.compareAndSet(told, now)) {
            LOG.warn(
                    "The database is away; looks are made again until it is back: {}",
                    e.getMessage());
        }
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    /** The look that was due; never throws. */
    void lookWhenDue(AccountWatch watch) {
        watch.looking().lock();
        try {
            if (!watch.hasEnded()) {
                look(watch, "poll", null);
            }
        } catch (MailFailure failure) {
            LOG.debug("Account {}: {}", watch.account().id(), failure.reason());
        } catch (NotWatchedException gone) {
            LOG.debug("Account {}: {}", watch.account().id(), gone.getMessage());
        } catch (RuntimeException e) {
            notRecorded(watch, e);
        } finally {
            watch.looking().unlock();
        }
    }

    private Looked look(AccountWatch watch, String source, @Nullable PositionIn position) {
        timetable.cancel(watch.slot());
        Duration next = AFTER_OWN_FAULT;
        try {
            if (!concurrency.tryAcquire(PERMIT_WAIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new MailFailure(
                        FailureCode.TIMEOUT,
                        "too many looks are under way on this node; polling.concurrency limits them");
            }
            try {
                Looked looked =
                        looker.look(watch, source, Deadline.after(pace.timeout()), position);
                next = standing.succeeded(watch, looked);
                return looked;
            } finally {
                concurrency.release();
            }
        } catch (MailFailure failure) {
            next = standing.failed(watch, failure);
            throw failure;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotWatchedException();
        } finally {
            if (!watch.hasEnded()) {
                timetable.schedule(watch.slot(), next.toNanos());
            }
        }
    }
}
