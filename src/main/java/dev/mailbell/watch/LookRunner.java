package dev.mailbell.watch;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mark.PositionUpdate;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.Looker.Looked;
import dev.mailbell.watch.Looker.PositionIn;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes a look happen and sees to when the next one is due. The caller holds the account's lock.
 */
final class LookRunner {
    /**
     * After a look whose result could not be recorded: we are at fault, or the database is away.
     */
    private static final Duration AFTER_OWN_FAULT = Duration.ofSeconds(5);

    /**
     * Long enough for a start with many overdue accounts, short enough to be told of a node that is
     * stuck.
     */
    private static final Duration PLACE_WAIT = Duration.ofMinutes(10);

    private final Timetable<AccountWatch> timetable;
    private final Sessions sessions;
    private final Looker looker;
    private final Standing standing;
    private final Pace pace;
    private final Semaphore concurrency;
    private final WatchMeters meters;
    private final LongSupplier nanoTime;
    private volatile boolean stopping;

    LookRunner(
            Timetable<AccountWatch> timetable,
            Sessions sessions,
            Looker looker,
            Standing standing,
            Pace pace,
            Semaphore concurrency,
            WatchMeters meters,
            LongSupplier nanoTime) {
        this.timetable = timetable;
        this.sessions = sessions;
        this.looker = looker;
        this.standing = standing;
        this.pace = pace;
        this.concurrency = concurrency;
        this.meters = meters;
        this.nanoTime = nanoTime;
    }

    /** A kept connection turned out to be dead, which says nothing of the server. */
    static final class StaleSessionException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient MailFailure failure;
        private final Duration age;

        /**
         * @param age how long the connection had lived
         */
        StaleSessionException(MailFailure failure, Duration age) {
            super(failure.reason(), failure, false, false);
            this.failure = failure;
            this.age = age;
        }
    }

    /**
     * Looks at all mailboxes of the account, or at the one whose position is given.
     *
     * @throws MailFailure when the server cannot be read
     * @throws NotWatchedException when the account is paused, changed or removed meanwhile
     * @throws StaleSessionException when a kept session was lost and nobody waits for the result:
     *     the look is due again
     */
    Looked lookAtAll(AccountWatch watch, Source source, @Nullable PositionIn position) {
        List<String> names =
                position == null ? watch.account().mailboxes() : List.of(position.mailbox());
        Looked looked =
                look(watch, source, openLast(names), position == null ? null : position.update());
        if (position == null) {
            watch.rhythm().lookedAtAll(untilNext(watch));
        }
        return looked;
    }

    /** Looks at the mailbox whose server has just told of new mail in it. */
    Looked lookAtFirst(AccountWatch watch) {
        List<String> first = watch.account().mailboxes().subList(0, 1);
        return look(watch, Source.IDLE, first, null);
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
    private Duration untilNext(AccountWatch watch) {
        Duration safety = pace.safetyInterval(watch.account().mail().host());
        Duration interval = pace.interval(watch.account());
        return standing.jitteredBelow(safety.compareTo(interval) < 0 ? safety : interval);
    }

    private Looked look(
            AccountWatch watch,
            Source source,
            List<String> names,
            @Nullable PositionUpdate update) {
        if (watch.hasEnded()) {
            throw new NotWatchedException();
        }
        timetable.cancel(watch.slot());
        long dueSince = watch.lookBegins(nanoTime.getAsLong());
        Duration next = AFTER_OWN_FAULT;
        try {
            takePlace();
            meters.began(nanoTime.getAsLong() - dueSince);
            try {
                Looked looked = metered(watch, source, names, update);
                next = standing.succeeded(watch, looked);
                return looked;
            } finally {
                concurrency.release();
            }
        } catch (NoRoomException full) {
            throw full;
        } catch (MailFailure failure) {
            watch.closeSession();
            next = standing.failed(watch, failure);
            throw failure;
        } catch (StaleSessionException stale) {
            // A server that drops each connection at its look would be called again without end.
            next = standing.lost(watch, stale.age, stale.failure);
            throw stale;
        } finally {
            Permit unused = watch.takePermit();
            if (unused != null) {
                unused.release();
            }
            if (watch.hasEnded()) {
                watch.closeSession();
            } else {
                timetable.schedule(watch.slot(), next.toNanos());
            }
        }
    }

    /** Looks that wait for a place are not begun any more. */
    void stop() {
        stopping = true;
    }

    private void takePlace() {
        try {
            if (!concurrency.tryAcquire(PLACE_WAIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new NoRoomException(
                        "too many looks are under way on this node; polling.concurrency limits them");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new NotWatchedException();
        }
        if (stopping) {
            concurrency.release();
            throw new NotWatchedException();
        }
    }

    private Looked metered(
            AccountWatch watch,
            Source source,
            List<String> names,
            @Nullable PositionUpdate update) {
        long begun = System.nanoTime();
        String outcome = "not_recorded";
        try {
            Looked looked = renewing(watch, source, names, update);
            outcome = looked.foundMail() ? "mail" : "nothing";
            meters.answered();
            return looked;
        } catch (NoRoomException full) {
            outcome = "no_room";
            throw full;
        } catch (MailFailure failure) {
            outcome = failure.code().wireName();
            if (!Standing.isOfHost(failure.code())) {
                meters.answered();
            } else if (watch.hasEverWorked()) {
                meters.unanswered();
            }
            throw failure;
        } catch (StaleSessionException stale) {
            outcome = "stale";
            throw stale;
        } finally {
            meters.looked(
                    watch.account().mail().protocol(), source, outcome, System.nanoTime() - begun);
        }
    }

    /** A kept session that turns out to be dead is replaced once. */
    private Looked renewing(
            AccountWatch watch,
            Source source,
            List<String> names,
            @Nullable PositionUpdate update) {
        OpenSession kept = watch.open();
        try {
            return look(watch, Deadline.after(pace.timeout()), source, names, update);
        } catch (MailFailure failure) {
            if (kept == null || failure instanceof NoRoomException || !mayBeLost(failure.code())) {
                throw failure;
            }
            watch.closeSession();
            if (source != Source.CHECK && source != Source.POSITION) {
                throw new StaleSessionException(failure, kept.age());
            }
            return look(watch, Deadline.after(pace.timeout()), source, names, update);
        }
    }

    private static boolean mayBeLost(FailureCode code) {
        return switch (code) {
            case CONNECT_FAILED, TIMEOUT, TLS_FAILED, SERVER_ERROR -> true;
            default -> false;
        };
    }

    private Looked look(
            AccountWatch watch,
            Deadline deadline,
            Source source,
            List<String> names,
            @Nullable PositionUpdate update) {
        OpenSession open = sessions.of(watch, deadline);
        MailSession session = open.session();
        if (source != Source.IDLE || names.size() > 1) {
            session.expect(names);
        }
        boolean sound = false;
        try {
            Looked looked = looker.look(watch, session, names, source.wireName(), update);
            sound = true;
            return looked;
        } finally {
            if (sound) {
                sessions.keepOrClose(watch, open);
            } else {
                watch.closeSession();
            }
        }
    }
}
