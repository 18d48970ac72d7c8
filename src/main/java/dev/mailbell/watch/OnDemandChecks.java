package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.PushSession;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountChecker.Looked;
import dev.mailbell.watch.AccountChecker.PositionIn;
import dev.mailbell.watch.Watch.Checked;
import dev.mailbell.watch.Watch.Verified;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What requests of the API ask for. Each has one deadline for everything that it waits for: the
 * account's lock, a connection, a place, the mail server, the database. At the deadline the caller
 * has its answer; a step that is still under way then ends by its own limits, without the caller.
 */
final class OnDemandChecks {
    private static final Logger LOG = LoggerFactory.getLogger(OnDemandChecks.class);

    /** How often a thread that waits for push is asked again to let the caller in. */
    private static final Duration ASKED_FOR = Duration.ofMillis(200);

    private static final int MOST_AT_ONCE = 1_000;
    private static final int MOST_FOR_ONE_ACCOUNT = 8;

    private final TimerQueue<WatchedAccount> timetable;
    private final AccountChecker looker;
    private final CheckExecutor looks;
    private final LoginProbe trial;
    private final DatabasePermits gate;
    private final PollingPolicy pace;
    private final Semaphore underWay = new Semaphore(MOST_AT_ONCE);

    OnDemandChecks(
            TimerQueue<WatchedAccount> timetable,
            AccountChecker looker,
            CheckExecutor looks,
            LoginProbe trial,
            DatabasePermits gate,
            PollingPolicy pace) {
        this.timetable = timetable;
        this.looker = looker;
        this.looks = looks;
        this.trial = trial;
        this.gate = gate;
        this.pace = pace;
    }

    /** Of a request that arrives now. */
    Deadline deadline() {
        return Deadline.after(pace.timeout());
    }

    List<Checked> check(WatchedAccount watch, Deadline deadline) {
        return by(deadline, () -> lookNow(watch, CheckTrigger.CHECK, null, deadline).checked());
    }

    Mailbox position(
            WatchedAccount watch, String mailbox, PositionUpdate update, Deadline deadline) {
        return by(deadline, () -> positioned(watch, mailbox, update, deadline));
    }

    Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        return by(deadline, () -> trial.run(account, secret, pace.serverPart(deadline)));
    }

    private <T> T by(Deadline deadline, Supplier<T> work) {
        gate.requireHeld();
        if (!underWay.tryAcquire()) {
            throw new NoRoomException(
                    "too many requests of this kind are under way; try again later");
        }
        FutureTask<T> task =
                new FutureTask<>(() -> {
                    try {
                        return gate.within(CheckKind.ON_DEMAND, deadline, work);
                    } finally {
                        underWay.release();
                    }
                });
        Thread.ofVirtual().name("check").start(task);
        try {
            return task.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw new NoRoomException(
                    "this did not come to an end in "
                            + pace.timeout().toSeconds()
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

    private Mailbox positioned(
            WatchedAccount watch, String mailbox, PositionUpdate update, Deadline deadline) {
        if (watch.account().mail().protocol() == Protocol.POP3
                && update instanceof PositionUpdate.UpTo) {
            lock(watch, deadline);
            try {
                // A UID that a look has seen needs no other look.
                Optional<Mailbox> moved =
                        looker.reposition(watch, mailbox, update, new Pop3Observation.Unchanged());
                if (moved.isPresent()) {
                    return moved.get();
                }
            } catch (PositionRefusedException unknown) {
                LOG.debug(
                        "Account {}: a position that no look has seen yet, looking",
                        watch.account().id());
            } finally {
                watch.looking().unlock();
            }
        }
        lookNow(watch, CheckTrigger.POSITION, new PositionIn(mailbox, update), deadline);
        lock(watch, deadline);
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

    /** The schedule begins anew behind it. */
    private Looked lookNow(
            WatchedAccount watch,
            CheckTrigger source,
            @Nullable PositionIn position,
            Deadline deadline) {
        lock(watch, deadline);
        try {
            Looked looked = looks.lookNow(watch, source, position, deadline);
            if (wantsPush(watch)) {
                // Push begins with a look of its own.
                timetable.schedule(watch.slot(), 0);
            }
            return looked;
        } finally {
            watch.looking().unlock();
        }
    }

    /** Whether push could go on, or be begun, and no thread waits with the mailbox open. */
    private boolean wantsPush(WatchedAccount watch) {
        OpenSession open = watch.open();
        return open != null
                && pace.push(watch.account())
                && !watch.rhythm().wasPushRefused()
                && open.keepable().filter(PushSession::offersPush).isPresent()
                && !(watch.isPushing() && open.keepable().filter(PushSession::canPush).isPresent());
    }

    private static void lock(WatchedAccount watch, Deadline deadline) {
        if (watch.looking().getQueueLength() >= MOST_FOR_ONE_ACCOUNT) {
            throw new NoRoomException("other requests wait for this account; try again later");
        }
        try {
            while (!watch.lockWithin(deadline.atMost(ASKED_FOR).remaining())) {
                if (watch.hasEnded()) {
                    throw new NotWatchedException();
                }
                if (deadline.isPast()) {
                    throw new NoRoomException(
                            "another look at this account takes too long; try again later");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NoRoomException("the daemon is stopping");
        }
    }
}
