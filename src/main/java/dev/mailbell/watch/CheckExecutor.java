package dev.mailbell.watch;

import dev.mailbell.database.Database;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountChecker.Looked;
import dev.mailbell.watch.AccountChecker.PositionIn;
import dev.mailbell.watch.SessionChecks.Look;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.schedule.BusySlots;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes a look happen and sees to when the next one is due. The caller holds the account's lock.
 */
final class CheckExecutor {
    /** Until the next look where this one found no room. */
    private static final Duration AFTER_NO_ROOM = Duration.ofSeconds(5);

    /** A look of a session that pushes waits no longer for a place. */
    private static final Duration PLACE_WAIT = Duration.ofMinutes(10);

    /** How much longer than its mail server a look that is due waits for the database. */
    private static final Duration DATABASE_WAIT = Duration.ofMinutes(1);

    private final TimerQueue<WatchedAccount> timetable;
    private final Sessions sessions;
    private final SessionChecks looks;
    private final AccountStateMachine standing;
    private final PollingPolicy pace;
    private final CheckAdmission admission;
    private final DueChecks due;
    private final DatabasePermits gate;
    private final WatchMeters meters;
    private final LongSupplier nanoTime;
    private final BusySlots busy;

    CheckExecutor(
            TimerQueue<WatchedAccount> timetable,
            Sessions sessions,
            SessionChecks looks,
            AccountStateMachine standing,
            PollingPolicy pace,
            CheckAdmission admission,
            DueChecks due,
            DatabasePermits gate,
            WatchMeters meters,
            LongSupplier nanoTime) {
        this.timetable = timetable;
        this.sessions = sessions;
        this.looks = looks;
        this.standing = standing;
        this.pace = pace;
        this.admission = admission;
        this.due = due;
        this.gate = gate;
        this.meters = meters;
        this.nanoTime = nanoTime;
        this.busy = new BusySlots(nanoTime.getAsLong());
    }

    /** A kept connection turned out to be dead, which says nothing of the server. */
    static final class StaleSessionException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient MailFailure failure;
        private final transient Duration age;

        /**
         * @param age how long the connection had lived
         */
        StaleSessionException(MailFailure failure, Duration age) {
            super(failure.reason(), failure, false, false);
            this.failure = failure;
            this.age = age;
        }

        MailFailure failure() {
            return failure;
        }
    }

    /**
     * Looks at all mailboxes of an account whose session waits for push.
     *
     * @throws MailFailure when the server cannot be read
     * @throws NotWatchedException when the account is paused, changed or removed meanwhile
     * @throws StaleSessionException when a kept session was lost: the look is due again
     */
    Looked lookAtAll(WatchedAccount watch, CheckTrigger source) {
        List<String> names = openLast(watch.account().mailboxes());
        if (source != CheckTrigger.IDLE) {
            return lookedAtAll(watch, pushed(watch, source, names));
        }
        watch.rhythm().looksForPush();
        Looked looked = lookedAtAll(watch, pushed(watch, source, names));
        watch.rhythm().lookedForPush(looked.newMail(), busy);
        return looked;
    }

    /** Looks at the mailbox whose server has just told of new mail in it. */
    Looked lookAtFirst(WatchedAccount watch) {
        watch.rhythm().looksForPush();
        Looked looked = pushed(watch, CheckTrigger.IDLE, watch.account().mailboxes().subList(0, 1));
        watch.rhythm().lookedForPush(looked.newMail(), busy);
        return looked;
    }

    private Looked pushed(WatchedAccount watch, CheckTrigger source, List<String> names) {
        return look(
                watch,
                CheckKind.PUSHED,
                Deadline.after(pace.timeout().plus(PLACE_WAIT)),
                dueSince -> {
                    CheckPermit place =
                            admission.acquire(
                                    CheckKind.PUSHED,
                                    watch.server(),
                                    watch.isRetrying(),
                                    Deadline.after(PLACE_WAIT));
                    return inPlace(watch, place, dueSince, dueNow(source, names));
                });
    }

    /** A look that is due, and was let in. */
    Looked lookAtAll(WatchedAccount watch, CheckPermit place) {
        List<String> names = openLast(watch.account().mailboxes());
        Looked looked =
                look(
                        watch,
                        CheckKind.SCHEDULED,
                        Deadline.after(pace.timeout().plus(DATABASE_WAIT)),
                        dueSince ->
                                inPlace(watch, place, dueSince, dueNow(CheckTrigger.POLL, names)));
        return lookedAtAll(watch, looked);
    }

    private Look dueNow(CheckTrigger source, List<String> names) {
        return new Look(source, names, null, Deadline.after(pace.timeout()));
    }

    /**
     * A look that a caller waits for: at all mailboxes, or at the one whose position is given.
     *
     * @param deadline of everything, waiting for room and recording included
     */
    Looked lookNow(
            WatchedAccount watch,
            CheckTrigger source,
            @Nullable PositionIn position,
            Deadline deadline) {
        Deadline answers = pace.serverPart(deadline);
        Look wanted =
                position == null
                        ? new Look(source, openLast(watch.account().mailboxes()), null, answers)
                        : new Look(source, List.of(position.mailbox()), position.update(), answers);
        Looked looked =
                look(
                        watch,
                        CheckKind.ON_DEMAND,
                        deadline,
                        dueSince -> inPlace(watch, admitNow(watch, answers), dueSince, wanted));
        return position == null ? lookedAtAll(watch, looked) : looked;
    }

    /** A connection first, where one is needed: while it waits for that it takes up no place. */
    private CheckPermit admitNow(WatchedAccount watch, Deadline deadline) {
        if (watch.open() == null) {
            watch.grant(sessions.hostOf(watch).acquire(deadline));
        }
        return admission.acquire(CheckKind.ON_DEMAND, watch.server(), false, deadline);
    }

    /** A look that was due was not let in, because the server is silent. */
    void refused(WatchedAccount watch, MailFailure failure) {
        Looked none =
                look(
                        watch,
                        CheckKind.SCHEDULED,
                        Deadline.after(DATABASE_WAIT),
                        dueSince -> {
                            throw failure;
                        });
        throw new IllegalStateException("a look that was not let in has found " + none);
    }

    private Looked lookedAtAll(WatchedAccount watch, Looked looked) {
        watch.rhythm().lookedAtAll(untilNext(watch));
        return looked;
    }

    /** The mailbox that stays open is the last to be looked at. */
    private static List<String> openLast(List<String> names) {
        List<String> ordered = new ArrayList<>(names.subList(1, names.size()));
        ordered.add(names.getFirst());
        return ordered;
    }

    /**
     * For how long a server that tells of new mail is trusted: never longer than without push, for
     * IDLE may be bound to a mailbox that was deleted and made anew.
     */
    private Duration untilNext(WatchedAccount watch) {
        Duration safety = pace.safetyInterval(watch.account().mail().host());
        Duration interval = pace.interval(watch.account());
        return standing.jitteredBelow(safety.compareTo(interval) < 0 ? safety : interval);
    }

    private record Recorded(Looked looked, Duration next) {}

    /** What a look does, given since when it has been due. */
    @FunctionalInterface
    private interface Step {
        Recorded since(long dueSince);
    }

    private Looked look(WatchedAccount watch, CheckKind kind, Deadline database, Step step) {
        if (watch.hasEnded()) {
            throw new NotWatchedException();
        }
        timetable.cancel(watch.slot());
        long dueSince = watch.lookBegins(nanoTime.getAsLong());
        Duration next = AFTER_NO_ROOM;
        OpenSession kept = watch.open();
        boolean staysDue = false;
        try {
            Recorded recorded = gate.within(kind, database, () -> step.since(dueSince));
            next = recorded.next();
            watch.rhythm().recorded();
            return recorded.looked();
        } catch (NoRoomException none) {
            staysDue = true;
            throw none;
        } catch (NotWatchedException | PositionRefusedException none) {
            throw none;
        } catch (MailFailure failure) {
            if (kind == CheckKind.PUSHED) {
                watch.closeSession();
            }
            next =
                    gate.within(
                            kind,
                            database,
                            () ->
                                    kind == CheckKind.PUSHED && kept != null
                                            ? standing.failedPushed(watch, kept.age(), failure)
                                            : standing.failed(watch, failure));
            throw failure;
        } catch (StaleSessionException stale) {
            // A poll comes once an interval. A server that drops each connection at what it gave a
            // hint of would be called again without end.
            next =
                    kind == CheckKind.SCHEDULED
                            ? Duration.ZERO
                            : standing.lost(watch, stale.age, stale.failure);
            throw stale;
        } catch (RuntimeException own) {
            staysDue = Database.isAway(own);
            next = staysDue ? AFTER_NO_ROOM : watch.rhythm().notRecorded();
            throw own;
        } finally {
            schedule(watch, next);
            if (staysDue && !watch.hasEnded()) {
                due.postpone(watch, dueSince, next.toNanos());
            }
        }
    }

    private Recorded inPlace(WatchedAccount watch, CheckPermit place, long dueSince, Look look) {
        try (place) {
            meters.began(nanoTime.getAsLong() - dueSince);
            Looked looked = looks.make(watch, look, place);
            return new Recorded(looked, standing.succeeded(watch, looked));
        }
    }

    private void schedule(WatchedAccount watch, Duration next) {
        ConnectionPermit unused = watch.takePermit();
        if (unused != null) {
            unused.release();
        }
        if (watch.hasEnded()) {
            watch.closeSession();
        } else {
            timetable.schedule(watch.slot(), next.toNanos());
        }
        due.ended(watch);
    }
}
