package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.fairness.Shares;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.PushSession;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Verified;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.AccountChecker;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.check.AccountChecker.PositionIn;
import dev.mailbell.watch.check.CheckExecutor;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Account commands of the API. Each has one deadline for everything that it waits for: the
 * account's lock, a connection, a permit, the mail server, the database. At the deadline the caller
 * gets its answer; a step that is still under way then ends by its own limits, without the caller.
 */
final class OnDemandChecks {
    private static final Logger LOG = LoggerFactory.getLogger(OnDemandChecks.class);

    /** How long each attempt to get the lock takes. */
    private static final Duration LOCK_ATTEMPT = Duration.ofMillis(200);

    private static final int MOST_AT_ONCE = 1_000;
    private static final int MOST_FOR_ONE_ACCOUNT = 8;

    private final CheckSchedule schedule;
    private final AccountChecker checker;
    private final CheckExecutor executor;
    private final LoginProbe loginProbe;
    private final DatabasePermits database;
    private final PollingPolicy policy;

    /** Clients share the requests that are under way; guarded by itself. */
    private final Shares underWay = new Shares(MOST_AT_ONCE);

    OnDemandChecks(
            CheckSchedule schedule,
            AccountChecker checker,
            CheckExecutor executor,
            LoginProbe loginProbe,
            DatabasePermits database,
            PollingPolicy policy) {
        this.schedule = schedule;
        this.checker = checker;
        this.executor = executor;
        this.loginProbe = loginProbe;
        this.database = database;
        this.policy = policy;
    }

    /** Of a request that arrives now. */
    Deadline deadline() {
        return Deadline.after(policy.timeout());
    }

    List<CheckedMailbox> check(WatchedAccount watched, Deadline deadline) {
        return by(
                watched.account(),
                deadline,
                () -> checkNow(watched, CheckTrigger.CHECK, null, deadline).checked());
    }

    Mailbox position(
            WatchedAccount watched, String mailbox, PositionUpdate update, Deadline deadline) {
        return by(
                watched.account(), deadline, () -> positioned(watched, mailbox, update, deadline));
    }

    Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        return by(
                account,
                deadline,
                () -> loginProbe.run(account, secret, policy.serverPart(deadline)));
    }

    /** Does the work on a thread of its own and waits for it, until the deadline. */
    <T> T by(Account account, Deadline deadline, Supplier<T> work) {
        database.requireHeld();
        UUID client = account.clientId();
        if (!begin(client)) {
            throw new NoRoomException(
                    "too many requests of this kind are under way; try again later");
        }
        FutureTask<T> task =
                new FutureTask<>(() -> {
                    try {
                        return database.within(client, CheckKind.ON_DEMAND, deadline, work);
                    } finally {
                        ended(client);
                    }
                });
        Thread.ofVirtual().name("check").start(task);
        try {
            return task.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw new NoRoomException(
                    "this did not come to an end in "
                            + policy.timeout().toSeconds()
                            + " s: another check of the account, the mail server or the database is"
                            + " slow; try again later");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoRoomException("the daemon is stopping");
        } catch (ExecutionException e) {
            throw switch (e.getCause()) {
                case RuntimeException failure -> failure;
                case Error error -> throw error;
                case null, default -> new IllegalStateException(e.getCause());
            };
        }
    }

    private boolean begin(UUID client) {
        synchronized (underWay) {
            boolean free = underWay.mayTake(client);
            underWay.add(client, free ? 1 : 0);
            return free;
        }
    }

    private void ended(UUID client) {
        synchronized (underWay) {
            underWay.add(client, -1);
        }
    }

    private Mailbox positioned(
            WatchedAccount watched, String mailbox, PositionUpdate update, Deadline deadline) {
        if (watched.account().mail().protocol() == Protocol.POP3
                && update instanceof PositionUpdate.UpTo) {
            lock(watched, deadline);
            try {
                // A UID that a check has seen needs no other check.
                Optional<Mailbox> moved =
                        checker.reposition(
                                watched, mailbox, update, new Pop3Observation.Unchanged());
                if (moved.isPresent()) {
                    return moved.get();
                }
            } catch (PositionRefusedException unknown) {
                LOG.debug(
                        "Account {}: no check has seen this position yet; a check follows",
                        watched.account().id());
            } finally {
                watched.session().lock().unlock();
            }
        }
        checkNow(watched, CheckTrigger.POSITION, new PositionIn(mailbox, update), deadline);
        lock(watched, deadline);
        try {
            Mailbox stored = watched.mailboxes().get(mailbox);
            if (stored == null) {
                throw new NotWatchedException();
            }
            return stored;
        } finally {
            watched.session().lock().unlock();
        }
    }

    private CheckResult checkNow(
            WatchedAccount watched,
            CheckTrigger source,
            @Nullable PositionIn position,
            Deadline deadline) {
        return checkNow(watched, source, position, deadline, () -> {}, () -> {});
    }

    /**
     * The polling interval begins anew after it.
     *
     * @param before runs first, with the account's lock
     * @param after runs last, with the account's lock
     */
    CheckResult checkNow(
            WatchedAccount watched,
            CheckTrigger source,
            @Nullable PositionIn position,
            Deadline deadline,
            Runnable before,
            Runnable after) {
        lock(watched, deadline);
        try {
            before.run();
            CheckResult result = executor.checkOnDemand(watched, source, position, deadline);
            if (wantsPush(watched)) {
                // Push begins with a check of its own.
                schedule.wanted(watched);
            }
            return result;
        } finally {
            after.run();
            watched.session().lock().unlock();
        }
    }

    /** Whether push could go on, or be begun, and no thread waits with the mailbox open. */
    private boolean wantsPush(WatchedAccount watched) {
        OpenSession open = watched.session().open();
        return open != null
                && policy.push(watched.account())
                && !watched.adaptive().wasPushRefused()
                && open.keepable().filter(PushSession::offersPush).isPresent()
                && !(watched.status().pushing()
                        && open.keepable().filter(PushSession::canPush).isPresent());
    }

    private static void lock(WatchedAccount watched, Deadline deadline) {
        if (watched.session().lock().getQueueLength() >= MOST_FOR_ONE_ACCOUNT) {
            throw new NoRoomException("other requests wait for this account; try again later");
        }
        try {
            while (!watched.session().lockWithin(deadline.atMost(LOCK_ATTEMPT).remaining())) {
                if (watched.hasEnded()) {
                    throw new NotWatchedException();
                }
                if (deadline.isPast()) {
                    throw new NoRoomException(
                            "another check of this account takes too long; try again later");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoRoomException("the daemon is stopping");
        }
    }
}
