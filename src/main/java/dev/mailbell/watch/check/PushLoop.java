package dev.mailbell.watch.check;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.PushSession;
import dev.mailbell.mail.PushSession.Wake;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.CheckOutcome.Signal;
import dev.mailbell.watch.schedule.NextCheck;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for a server's hints of new mail and checks the account at each, until push ends and the
 * account is polled. A hint is only a reason to check: the check counts.
 */
public final class PushLoop {
    private static final Logger LOG = LoggerFactory.getLogger(PushLoop.class);

    /** How long after the time of the safety check the connection is cut. */
    private static final Duration GRACE = Duration.ofMinutes(1);

    private final CheckSchedule schedule;
    private final MailSessionPool sessions;
    private final CheckExecutor executor;
    private final OutcomeRecorder outcomes;
    private final PollingPolicy policy;
    private final BooleanSupplier goesOn;

    /**
     * @param goesOn false when the node is stopping or the database is away
     */
    public PushLoop(
            CheckSchedule schedule,
            MailSessionPool sessions,
            CheckExecutor executor,
            OutcomeRecorder outcomes,
            PollingPolicy policy,
            BooleanSupplier goesOn) {
        this.schedule = schedule;
        this.sessions = sessions;
        this.executor = executor;
        this.outcomes = outcomes;
        this.policy = policy;
        this.goesOn = goesOn;
    }

    /**
     * Runs for as long as the account's session can push. The caller holds the account's lock,
     * which is released for a moment whenever another thread waits for it.
     */
    void run(WatchedAccount watched) {
        OpenSession open = watched.session().open();
        if (open == null || watched.status().pushing() || !sessions.mayPush(watched, open)) {
            return;
        }
        watched.pushing(true);
        try {
            while (goesOn.getAsBoolean()
                    && !watched.hasEnded()
                    && watched.session().open() == open
                    && sessions.mayPush(watched, open)) {
                step(watched, open);
            }
        } catch (NoRoomException full) {
            // This node is at fault, not the server: the session stays.
            LOG.debug("Account {}: {}", watched.account().id(), full.reason());
        } catch (MailFailure lost) {
            lost(watched, open, lost);
        } catch (StaleSessionException stale) {
            LOG.debug("Account {}: {}", watched.account().id(), stale.getMessage());
        } finally {
            watched.pushing(false);
            leave(watched);
        }
    }

    private void step(WatchedAccount watched, OpenSession open) {
        PushSession session = open.keepable().orElseThrow();
        open.permit().host().rouse(watched.session());
        Duration safety = policy.safetyInterval(watched.account().mail().host());
        watched.adaptive().trustAtMost(safety);
        HintTimer hints = new HintTimer(watched, schedule, safety);
        if (!watched.due().isWanted()) {
            schedule.happened(watched, Signal.PUSH_BEGUN);
        }
        session.renew(
                Deadline.after(
                        Duration.ofNanos(watched.adaptive().nanosToSafetyCheck()).plus(GRACE)));
        // A check that became due before this thread was known to wait has interrupted nothing.
        Wake wake =
                watched.due().isWanted()
                        ? Wake.INTERRUPTED
                        : ActingClient.call(
                                watched.account().clientId(), () -> session.await(hints));
        if (watched.hasEnded()) {
            // Its successor waits for the same lock, and must find this session closed.
            return;
        }
        letOthersIn(watched);
        if (watched.session().open() != open || watched.hasEnded()) {
            return;
        }
        if (!goesOn.getAsBoolean()) {
            schedule.dueAfterPush(watched);
            return;
        }
        if (wake == Wake.REFUSED) {
            outcomes.pushRefused(watched);
        } else if (watched.due().isWanted() && !hints.isCause()) {
            hints.forgetDeferred();
            executor.checkForSafety(watched);
        } else if (wake == Wake.CHANGED) {
            hints.checked(executor.checkOpenForHint(watched));
        } else if (wake == Wake.CHANGED_ELSEWHERE) {
            hints.checked(executor.checkAllForHint(watched));
        } else if (watched.due().isWanted()) {
            // The deferred hint is gone, or the server has replaced it by a stronger one.
            hints.deferredChecked(executor.checkAllForHint(watched));
        }
    }

    /** The lock is fair: a thread that waits for it gets it first. */
    private static void letOthersIn(WatchedAccount watched) {
        if (watched.session().lock().hasQueuedThreads()) {
            watched.session().lock().unlock();
            watched.session().lock().lock();
        }
    }

    /** The connection is gone. The check that comes with the next one finds what was missed. */
    private void lost(WatchedAccount watched, OpenSession open, MailFailure failure) {
        if (watched.session().open() != open) {
            // A check failed, and its outcome is recorded.
            return;
        }
        watched.session().close();
        if (open.isCut()) {
            // By this node: the account is checked when this node may connect again.
            schedule.wanted(watched);
            return;
        }
        CheckOutcome outcome =
                outcomes.pushLost(watched, open.age(), sessions.redacted(watched, failure));
        if (!NextCheck.asksToWait(failure) && watched.adaptive().losesIdleConnections()) {
            // The server accepts the commands of checks: polling works where waiting does not.
            outcomes.pushRefused(watched);
        }
        schedule.happened(watched, outcome);
    }

    /** Push is over: the account needs a timer again. */
    private void leave(WatchedAccount watched) {
        if (watched.hasEnded()) {
            watched.session().close();
            return;
        }
        OpenSession open = watched.session().open();
        if (open != null) {
            open.permit().host().rest(watched.account().clientId(), watched.session());
        }
        boolean another = open != null && goesOn.getAsBoolean() && sessions.mayPush(watched, open);
        if (watched.due().isWanted() || another) {
            schedule.wanted(watched);
        } else if (!goesOn.getAsBoolean()) {
            schedule.happened(watched, Signal.NOT_BEGUN);
        } else if (open != null) {
            schedule.happened(watched, Signal.PUSH_ENDED);
        }
    }
}
