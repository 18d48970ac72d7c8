package dev.mailbell.watch;

import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountChecker.Looked;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.host.OpenSession;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes one look by the account's session, which is opened where there is none. The caller holds
 * the account's lock and a place.
 */
final class SessionChecks {
    private final Sessions sessions;
    private final AccountChecker looker;
    private final WatchMeters meters;

    SessionChecks(Sessions sessions, AccountChecker looker, WatchMeters meters) {
        this.sessions = sessions;
        this.looker = looker;
        this.meters = meters;
    }

    /**
     * What is looked at and why.
     *
     * @param names the mailboxes, in this order
     * @param update what the client says of its position in the one mailbox looked at
     * @param deadline by which the mail server must have answered everything
     */
    record Look(
            CheckTrigger source,
            List<String> names,
            @Nullable PositionUpdate update,
            Deadline deadline) {
        /** Whether a caller waits for what is found. */
        boolean isAskedFor() {
            return CheckKind.of(source) == CheckKind.ON_DEMAND;
        }

        Look by(Deadline earlier) {
            return new Look(source, names, update, earlier);
        }
    }

    /**
     * Looks, and notes in the place how the mail server answered.
     *
     * @throws MailFailure when the server cannot be read
     * @throws CheckExecutor.StaleSessionException when a kept session was lost and no caller waits
     *     for the result
     */
    Looked make(WatchedAccount watch, Look look, CheckPermit place) {
        long begun = System.nanoTime();
        String outcome = "not_recorded";
        try {
            Looked looked = renewing(watch, look);
            outcome = looked.foundMail() ? "mail" : "nothing";
            place.succeeded();
            meters.answered();
            return looked;
        } catch (NoRoomException full) {
            outcome = "no_room";
            throw full;
        } catch (MailFailure failure) {
            outcome = failure.code().wireName();
            watch.closeSession();
            place.failed(failure);
            if (!failure.code().isOfHost()) {
                meters.answered();
            } else if (watch.hasEverWorked()) {
                meters.unanswered();
            }
            throw failure;
        } catch (CheckExecutor.StaleSessionException stale) {
            outcome = "stale";
            if (stale.failure().code() == FailureCode.TIMEOUT) {
                place.failed(stale.failure());
            }
            throw stale;
        } finally {
            meters.looked(
                    watch.account().mail().protocol(),
                    look.source(),
                    outcome,
                    System.nanoTime() - begun);
        }
    }

    /**
     * A kept session that turns out to be dead is replaced once. Where a caller waits, the kept one
     * gets a third of the time, so that there is time for the other.
     */
    private Looked renewing(WatchedAccount watch, Look look) {
        OpenSession kept = watch.open();
        try {
            return look(
                    watch,
                    kept != null && look.isAskedFor() ? look.by(third(look.deadline())) : look);
        } catch (MailFailure failure) {
            if (kept == null || failure instanceof NoRoomException || !mayBeLost(failure.code())) {
                throw failure;
            }
            watch.closeSession();
            if (!look.isAskedFor()) {
                throw new CheckExecutor.StaleSessionException(failure, kept.age());
            }
            return look(watch, look);
        }
    }

    private static Deadline third(Deadline deadline) {
        Duration left = deadline.remaining();
        return deadline.atMost(left.dividedBy(3));
    }

    private static boolean mayBeLost(FailureCode code) {
        return switch (code) {
            case CONNECT_FAILED, TIMEOUT, TLS_FAILED, SERVER_ERROR -> true;
            default -> false;
        };
    }

    private Looked look(WatchedAccount watch, Look look) {
        OpenSession open = sessions.of(watch, look.deadline());
        MailSession session = open.session();
        if (look.source() != CheckTrigger.IDLE || look.names().size() > 1) {
            session.expect(look.names());
        }
        boolean sound = false;
        try {
            Looked looked =
                    looker.look(
                            watch, session, look.names(), look.source().wireName(), look.update());
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
