package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private final Timetable<AccountWatch> timetable;
    private final Looker looker;
    private final LookRunner looks;
    private final Trial trial;
    private final Logins logins;
    private final Pace pace;
    private final InstantSource clock;
    private final LongSupplier nanoTime;

    Watcher(
            Timetable<AccountWatch> timetable,
            Looker looker,
            LookRunner looks,
            Trial trial,
            Logins logins,
            Pace pace,
            InstantSource clock,
            LongSupplier nanoTime) {
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
        watch(account, Duration.ZERO, false);
    }

    /**
     * Begins to watch, with the first look after a wait.
     *
     * @param retryingTold whether the client was told that looks fail
     */
    void watch(Account account, Duration wait, boolean retryingTold) {
        AccountWatch fresh =
                watches.compute(
                        account.id(),
                        (id, old) -> {
                            if (old != null) {
                                old.end();
                                timetable.cancel(old.slot());
                            }
                            return new AccountWatch(
                                    account,
                                    old == null ? new ReentrantLock(true) : old.looking(),
                                    nanoTime);
                        });
        fresh.retryingTold(retryingTold);
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
    private Looked lookNow(Account account, Source source, @Nullable PositionIn position) {
        AccountWatch watch = watchOf(account);
        lock(watch);
        try {
            Looked looked = looks.lookAtAll(watch, source, position);
            if (watch.open() != null && !watch.isPushing() && pace.push(watch.account())) {
                // Whoever is to wait for push begins with a look of its own.
                timetable.schedule(watch.slot(), 0);
            }
            return looked;
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
