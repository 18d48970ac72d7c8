package dev.mailbell.watch.check;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.database.FencedException;
import dev.mailbell.mail.EgressFailure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.connection.ConnectionGroup;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.host.OpenSession;
import java.time.Duration;

/**
 * Makes one check by the account's session, which is opened where there is none. The caller holds
 * the account's lock and a permit.
 */
public final class SessionChecks {
    private final MailSessionPool sessions;
    private final AccountChecker checker;
    private final CheckMeters meters;
    private final Ownership ownership;

    public SessionChecks(
            MailSessionPool sessions,
            AccountChecker checker,
            CheckMeters meters,
            Ownership ownership) {
        this.ownership = ownership;
        this.sessions = sessions;
        this.checker = checker;
        this.meters = meters;
    }

    /**
     * Checks, and notes in the permit how the mail server answered.
     *
     * @throws MailFailure when the server cannot be read
     * @throws StaleSessionException when a kept session was lost and no caller waits for the result
     * @throws NotWatchedException when this node ends the account's connections for good
     * @throws FencedException when this node ends them because another one may watch the account
     */
    CheckResult run(WatchedAccount account, AccountCheck check, CheckPermit permit) {
        long begun = System.nanoTime();
        account.checkBegins(check.trigger());
        ConnectionGroup connections = account.session().connections();
        int cuts = connections.cuts();
        long received = connections.received();
        String outcome = "not_recorded";
        try {
            CheckResult result =
                    connections.call(() -> mayConnect(account), () -> renewing(account, check));
            account.adaptive().hasRead(connections.received() - received);
            outcome = result.foundMail() ? "mail" : "nothing";
            permit.succeeded();
            meters.answered();
            return result;
        } catch (NoRoomException full) {
            outcome = "no_room";
            throw full;
        } catch (MailFailure failure) {
            account.session().close();
            if (connections.cuts() != cuts) {
                outcome = "cut";
                throw cut(account);
            }
            outcome = failure.code().wireName();
            permit.failed(failure);
            if (!failure.isOfHost()) {
                if (!(failure instanceof EgressFailure)) {
                    meters.answered();
                }
            } else if (account.status().hasEverWorked()) {
                meters.unanswered();
            }
            throw checker.redacted(account, failure);
        } catch (StaleSessionException stale) {
            outcome = "stale";
            if (stale.failure().code() == FailureCode.TIMEOUT) {
                permit.failed(stale.failure());
            }
            throw stale;
        } finally {
            meters.checked(
                    account.account().mail().protocol(),
                    check.trigger(),
                    outcome,
                    System.nanoTime() - begun);
        }
    }

    private boolean mayConnect(WatchedAccount account) {
        return !account.hasEnded() && ownership.mayBegin(account.account().shard());
    }

    /** This node has cut the connection: that says nothing of the mail server or the account. */
    private static RuntimeException cut(WatchedAccount account) {
        return account.hasEnded() ? new NotWatchedException() : new FencedException();
    }

    /**
     * A kept session that turns out to be dead is replaced once. Where a caller waits, the kept one
     * gets a third of the time, so that there is time for the other.
     */
    private CheckResult renewing(WatchedAccount account, AccountCheck check) {
        OpenSession kept = account.session().open();
        try {
            return check(
                    account,
                    kept != null && check.isOnDemand() ? check.by(third(check.deadline())) : check);
        } catch (MailFailure failure) {
            if (kept == null
                    || kept.isCut()
                    || failure instanceof NoRoomException
                    || !mayBeLost(failure.code())) {
                throw failure;
            }
            account.session().close();
            if (!check.isOnDemand()) {
                throw new StaleSessionException(checker.redacted(account, failure), kept.age());
            }
            return check(account, check);
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

    private CheckResult check(WatchedAccount account, AccountCheck check) {
        OpenSession open = sessions.of(account, check.deadline());
        MailSession session = open.session();
        if (check.trigger() != CheckTrigger.IDLE || check.mailboxes().size() > 1) {
            session.expect(check.mailboxes());
        }
        boolean sound = false;
        try {
            CheckResult result =
                    checker.check(
                            account,
                            session,
                            check.mailboxes(),
                            check.trigger().wireName(),
                            check.position());
            sound = true;
            return result;
        } finally {
            if (sound) {
                sessions.keepOrClose(account, open);
            } else {
                account.session().close();
            }
        }
    }
}
