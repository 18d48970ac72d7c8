package dev.mailbell.watch.check;

import dev.mailbell.database.Database;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckPermit;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.check.AccountChecker.PositionIn;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.record.DatabasePermits;
import dev.mailbell.watch.schedule.BusySlots;
import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.CheckOutcome.Signal;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs one check from top to bottom: admission, session, check, record, outcome, next check. The
 * caller holds the account's lock.
 */
public final class CheckExecutor {
    /** A check of a session that pushes waits no longer for its permit. */
    private static final Duration PERMIT_WAIT = Duration.ofMinutes(10);

    /** How much longer than its mail server a check that is due waits for the database. */
    private static final Duration DATABASE_WAIT = Duration.ofMinutes(1);

    private final CheckSchedule schedule;
    private final MailSessionPool sessions;
    private final SessionChecks checks;
    private final OutcomeRecorder outcomes;
    private final PollingPolicy policy;
    private final CheckAdmission admission;
    private final DatabasePermits database;
    private final CheckMeters meters;
    private final LongSupplier nanoTime;
    private final BusySlots busy;

    public CheckExecutor(
            CheckSchedule schedule,
            MailSessionPool sessions,
            SessionChecks checks,
            OutcomeRecorder outcomes,
            PollingPolicy policy,
            CheckAdmission admission,
            DatabasePermits database,
            CheckMeters meters,
            LongSupplier nanoTime) {
        this.schedule = schedule;
        this.sessions = sessions;
        this.checks = checks;
        this.outcomes = outcomes;
        this.policy = policy;
        this.admission = admission;
        this.database = database;
        this.meters = meters;
        this.nanoTime = nanoTime;
        this.busy = new BusySlots();
    }

    /**
     * A check of all mailboxes that is due by the schedule.
     *
     * @param permit closed when the check has ended
     * @throws MailFailure when the server cannot be read
     * @throws NotWatchedException when the account is paused, changed or removed meanwhile
     * @throws StaleSessionException when a kept session was lost: the check is due again
     */
    CheckResult checkDue(WatchedAccount account, CheckPermit permit) {
        CheckResult result =
                run(
                        account,
                        CheckKind.SCHEDULED,
                        Deadline.after(policy.timeout().plus(DATABASE_WAIT)),
                        () -> permit,
                        () -> fromNow(CheckTrigger.POLL, AccountCheck.openLast(account.account())));
        checkedAll(account);
        return result;
    }

    /**
     * A check that was due is not admitted, because the server is silent: it has failed.
     *
     * @throws MailFailure always
     */
    void refused(WatchedAccount account, MailFailure failure) {
        CheckResult none =
                run(
                        account,
                        CheckKind.SCHEDULED,
                        Deadline.after(DATABASE_WAIT),
                        () -> {
                            throw failure;
                        },
                        () -> fromNow(CheckTrigger.POLL, AccountCheck.openLast(account.account())));
        throw new IllegalStateException("a check that was not admitted has found " + none);
    }

    /** The safety check of an account whose session waits for push; throws as the one above. */
    CheckResult checkForSafety(WatchedAccount account) {
        CheckResult result =
                pushed(account, CheckTrigger.SAFETY, AccountCheck.openLast(account.account()));
        checkedAll(account);
        return result;
    }

    /** A check of all mailboxes because the server gave a hint; throws as the ones above. */
    CheckResult checkAllForHint(WatchedAccount account) {
        CheckResult result = hinted(account, AccountCheck.openLast(account.account()));
        checkedAll(account);
        return result;
    }

    /** A check of the open mailbox because the server gave a hint; throws as the ones above. */
    CheckResult checkOpenForHint(WatchedAccount account) {
        return hinted(account, account.account().mailboxes().subList(0, 1));
    }

    private CheckResult hinted(WatchedAccount account, List<String> mailboxes) {
        account.adaptive().pushedCheckBegins();
        CheckResult result = pushed(account, CheckTrigger.IDLE, mailboxes);
        account.adaptive()
                .pushedCheckEnded(result.newMail(), busy.of(account.account().clientId()));
        return result;
    }

    private CheckResult pushed(
            WatchedAccount account, CheckTrigger trigger, List<String> mailboxes) {
        return run(
                account,
                CheckKind.PUSHED,
                Deadline.after(policy.timeout().plus(PERMIT_WAIT)),
                () -> admit(account, CheckKind.PUSHED, Deadline.after(PERMIT_WAIT)),
                () -> fromNow(trigger, mailboxes));
    }

    /** Waits for a permit; the end of the account ends the wait. */
    private CheckPermit admit(WatchedAccount account, CheckKind kind, Deadline deadline) {
        boolean retry = kind == CheckKind.PUSHED && account.status().isRetrying();
        try {
            return admission.acquire(kind, account.server(), retry, deadline, account::waitsFor);
        } finally {
            account.waitsNoMore();
        }
    }

    /**
     * A check that a caller waits for: of all mailboxes, or of the one whose position is given.
     *
     * @param deadline of everything, including the waits for permits and the recording
     */
    public CheckResult checkOnDemand(
            WatchedAccount account,
            CheckTrigger trigger,
            @Nullable PositionIn position,
            Deadline deadline) {
        Deadline answers = policy.serverPart(deadline);
        AccountCheck check =
                position == null
                        ? new AccountCheck(
                                trigger, AccountCheck.openLast(account.account()), null, answers)
                        : new AccountCheck(
                                trigger, List.of(position.mailbox()), position.update(), answers);
        CheckResult result =
                run(
                        account,
                        CheckKind.ON_DEMAND,
                        deadline,
                        () -> admitOnDemand(account, answers),
                        () -> check);
        if (position == null) {
            checkedAll(account);
        }
        return result;
    }

    /** A connection first where one is needed: while it waits for that it holds no permit. */
    private CheckPermit admitOnDemand(WatchedAccount account, Deadline deadline) {
        if (account.session().open() == null) {
            account.session().grant(sessions.connection(account, deadline));
        }
        return admit(account, CheckKind.ON_DEMAND, deadline);
    }

    private AccountCheck fromNow(CheckTrigger trigger, List<String> mailboxes) {
        return new AccountCheck(trigger, mailboxes, null, Deadline.after(policy.timeout()));
    }

    private void checkedAll(WatchedAccount account) {
        account.adaptive().checkedAll(schedule.trust(account));
    }

    /**
     * The one way of every check.
     *
     * @param recording by which the database must have taken the result
     * @param admit waits for the permit
     * @param check called when the check is admitted
     */
    private CheckResult run(
            WatchedAccount account,
            CheckKind kind,
            Deadline recording,
            Supplier<CheckPermit> admit,
            Supplier<AccountCheck> check) {
        if (account.hasEnded()) {
            throw new NotWatchedException();
        }
        long dueSince = schedule.began(account);
        OpenSession kept = account.session().open();
        CheckOutcome outcome = Signal.NOT_RUN;
        boolean staysDue = false;
        try {
            CheckResult result =
                    database.within(
                            account.account().clientId(),
                            kind,
                            recording,
                            () -> {
                                try (CheckPermit permit = admit.get()) {
                                    meters.began(nanoTime.getAsLong() - dueSince);
                                    CheckResult found = checks.run(account, check.get(), permit);
                                    outcomes.succeeded(account, found);
                                    return found;
                                }
                            });
            outcome = Signal.SUCCEEDED;
            account.adaptive().recorded();
            return result;
        } catch (NoRoomException none) {
            staysDue = true;
            throw none;
        } catch (NotWatchedException | PositionRefusedException none) {
            throw none;
        } catch (MailFailure failure) {
            if (kind == CheckKind.PUSHED) {
                account.session().close();
            }
            outcome =
                    database.within(
                            account.account().clientId(),
                            kind,
                            recording,
                            () ->
                                    kind == CheckKind.PUSHED && kept != null
                                            ? outcomes.failedPushed(account, kept.age(), failure)
                                            : outcomes.failed(account, failure));
            throw failure;
        } catch (StaleSessionException stale) {
            // A poll comes once an interval: it is made again at once. A server that drops each
            // connection at the check that its hint causes would be checked again without end.
            outcome =
                    kind == CheckKind.SCHEDULED
                            ? Signal.WANTED
                            : outcomes.lost(account, stale.age(), stale.failure());
            throw stale;
        } catch (RuntimeException own) {
            staysDue = Database.isAway(own);
            if (!staysDue) {
                account.adaptive().notRecorded();
                outcome = Signal.NOT_RECORDED;
            }
            throw own;
        } finally {
            ended(account, outcome, staysDue ? dueSince : null);
        }
    }

    /**
     * @param dueSince since when the check stays due, by the monotonic clock; null when it does not
     */
    private void ended(WatchedAccount account, CheckOutcome outcome, @Nullable Long dueSince) {
        account.session().releaseGranted();
        account.checkEnds();
        if (account.hasEnded()) {
            account.session().close();
        }
        if (dueSince == null) {
            schedule.ended(account, outcome);
        } else {
            schedule.endedStillDue(account, outcome, dueSince);
        }
    }
}
