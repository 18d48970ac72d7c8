package dev.mailbell.watch;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.PushSession;
import dev.mailbell.mail.PushSession.Wake;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for what a server tells by itself, and looks whenever it does; until push ends for the
 * account, which then is polled. What is told is only a reason to look: the look counts.
 */
final class PushLoop {
    private static final Logger LOG = LoggerFactory.getLogger(PushLoop.class);

    /** How much longer than its safety look a waiting may live: then the server is cut off. */
    private static final Duration GRACE = Duration.ofMinutes(1);

    /** Until push is begun again after the database was away. */
    private static final Duration WHILE_AWAY = Duration.ofSeconds(2);

    private final TimerQueue<WatchedAccount> timetable;
    private final Sessions sessions;
    private final CheckExecutor looks;
    private final AccountStateMachine standing;
    private final PollingPolicy pace;
    private final BooleanSupplier goesOn;

    /**
     * @param goesOn false when the node is stopping or the database is away
     */
    PushLoop(
            TimerQueue<WatchedAccount> timetable,
            Sessions sessions,
            CheckExecutor looks,
            AccountStateMachine standing,
            PollingPolicy pace,
            BooleanSupplier goesOn) {
        this.timetable = timetable;
        this.sessions = sessions;
        this.looks = looks;
        this.standing = standing;
        this.pace = pace;
        this.goesOn = goesOn;
    }

    /**
     * Runs for as long as the account's session can push. The caller holds the account's lock,
     * which is let go now and then for others who wait for it.
     */
    void run(WatchedAccount watch) {
        OpenSession open = watch.open();
        if (open == null || watch.isPushing() || !sessions.mayPush(watch, open)) {
            return;
        }
        watch.pushing(true);
        try {
            while (goesOn.getAsBoolean()
                    && !watch.hasEnded()
                    && watch.open() == open
                    && sessions.mayPush(watch, open)) {
                step(watch, open);
            }
        } catch (NoRoomException full) {
            // This node is at fault, not the server: the session stays.
            LOG.debug("Account {}: {}", watch.account().id(), full.reason());
        } catch (MailFailure lost) {
            lost(watch, open, lost);
        } catch (CheckExecutor.StaleSessionException stale) {
            LOG.debug("Account {}: {}", watch.account().id(), stale.getMessage());
        } finally {
            watch.pushing(false);
            leave(watch);
        }
    }

    private void step(WatchedAccount watch, OpenSession open) {
        PushSession session = open.keepable().orElseThrow();
        open.permit().host().rouse(watch);
        Duration safety = pace.safetyInterval(watch.account().mail().host());
        watch.rhythm().trustAtMost(safety);
        HintTimer hints = new HintTimer(watch, timetable, safety);
        if (!watch.isLookWanted()) {
            timetable.schedule(watch.slot(), watch.rhythm().nanosToSafetyLook());
        }
        session.renew(
                Deadline.after(Duration.ofNanos(watch.rhythm().nanosToSafetyLook()).plus(GRACE)));
        // A check that became due before this thread was known to wait has interrupted nothing.
        Wake wake = watch.isLookWanted() ? Wake.INTERRUPTED : session.await(hints);
        if (watch.hasEnded()) {
            // Its successor waits for the same lock, and must find this session closed.
            return;
        }
        letOthersIn(watch);
        if (watch.open() != open || watch.hasEnded()) {
            return;
        }
        if (!goesOn.getAsBoolean()) {
            watch.wantLook(System.nanoTime());
            return;
        }
        if (wake == Wake.REFUSED) {
            watch.rhythm().pushRefused();
            standing.pushRefused(watch);
        } else if (watch.isLookWanted() && !hints.isWhy()) {
            hints.forgetPutOff();
            looks.lookAtAll(watch, CheckTrigger.SAFETY);
        } else if (wake == Wake.CHANGED) {
            hints.checked(looks.lookAtFirst(watch));
        } else if (wake == Wake.CHANGED_ELSEWHERE) {
            hints.checked(looks.lookAtAll(watch, CheckTrigger.IDLE));
        } else if (watch.isLookWanted()) {
            // The hint that was put off is gone, or the server has put a stronger one over it.
            hints.putOffChecked(looks.lookAtAll(watch, CheckTrigger.IDLE));
        }
    }

    /** The lock is fair: whoever waits for it is next. */
    private static void letOthersIn(WatchedAccount watch) {
        if (watch.looking().hasQueuedThreads()) {
            watch.looking().unlock();
            watch.looking().lock();
        }
    }

    /** The connection is gone. The look that comes with the next one finds what was missed. */
    private void lost(WatchedAccount watch, OpenSession open, MailFailure failure) {
        if (watch.open() != open) {
            // A look failed; what follows from that is seen to.
            return;
        }
        watch.closeSession();
        boolean asked =
                failure.code() == FailureCode.RATE_LIMITED
                        || failure.code() == FailureCode.TOO_MANY_CONNECTIONS
                        || failure.retryAfter().isPresent();
        Duration next =
                asked
                        ? standing.failed(watch, failure)
                        : noLaterThanPolled(watch, standing.lost(watch, open.age(), failure));
        if (!asked && watch.rhythm().losesWhatWaits()) {
            // It takes the look's commands, so that polling works where waiting does not.
            watch.rhythm().pushRefused();
            standing.pushRefused(watch);
        }
        timetable.schedule(watch.slot(), next.toNanos());
    }

    private Duration noLaterThanPolled(WatchedAccount watch, Duration wait) {
        Duration interval = pace.interval(watch.account());
        return wait.compareTo(interval) > 0 ? standing.jitteredBelow(interval) : wait;
    }

    /** Push is over; somebody must look after the account. */
    private void leave(WatchedAccount watch) {
        if (watch.hasEnded()) {
            watch.closeSession();
            return;
        }
        OpenSession open = watch.open();
        if (open != null) {
            open.permit().host().rest(watch);
        }
        boolean another = open != null && goesOn.getAsBoolean() && sessions.mayPush(watch, open);
        if (watch.isLookWanted() || another) {
            timetable.schedule(watch.slot(), 0);
        } else if (!goesOn.getAsBoolean()) {
            timetable.schedule(watch.slot(), WHILE_AWAY.toNanos());
        } else if (open != null
                && timetable.dueIn(watch.slot()) > pace.interval(watch.account()).toNanos()) {
            timetable.schedule(
                    watch.slot(), standing.jitteredBelow(pace.interval(watch.account())).toNanos());
        }
    }
}
