package dev.mailbell.watch.check;

import dev.mailbell.mail.PushSession.Hint;
import dev.mailbell.mail.PushSession.HintPolicy;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.schedule.HintBudget;
import java.time.Duration;
import java.util.Optional;

/**
 * Lets hints of new mail end one wait for push as the account's {@link HintBudget} allows: at once,
 * or by a timer for when it does. For the thread that holds the account's lock.
 */
final class HintTimer implements HintPolicy {
    /** For a hint that must wait no longer than this the session goes on listening meanwhile. */
    private static final Duration LISTENED_THROUGH = Duration.ofMillis(HintBudget.GATHERED_MILLIS);

    private final WatchedAccount watched;
    private final CheckSchedule schedule;
    private final Duration longest;
    private Hint granted = Hint.REPEATED;

    /**
     * @param longest a hint never waits longer than this after the check before
     */
    HintTimer(WatchedAccount watched, CheckSchedule schedule, Duration longest) {
        this.watched = watched;
        this.schedule = schedule;
        this.longest = longest;
    }

    @Override
    public Optional<Duration> listenOn(Hint hint) {
        Duration allowed = budget().delay(hint, longest);
        Duration gathered = watched.adaptive().gathering();
        Duration delay = allowed.compareTo(gathered) < 0 ? gathered : allowed;
        if (delay.compareTo(LISTENED_THROUGH) <= 0) {
            granted = hint;
            return Optional.of(delay);
        }
        if (!watched.due().isWanted() && schedule.hinted(watched, delay)) {
            budget().deferred(hint);
        }
        return Optional.empty();
    }

    /**
     * Whether the check is due because of a hint that was deferred, in this wait or in one before,
     * and not for safety.
     */
    boolean isCause() {
        return budget().deferred().isPresent() && watched.adaptive().nanosToSafetyCheck() > 0;
    }

    /** A safety check is made, whatever hints are deferred. */
    void forgetDeferred() {
        budget().forgetDeferred();
    }

    /** The account was checked because of the hint that ended the wait. */
    void checked(CheckResult result) {
        budget().checked(granted, result.foundMail(), longest);
    }

    /** The account was checked because of a deferred hint that was not there any more. */
    void deferredChecked(CheckResult result) {
        budget().checked(budget().deferred().orElse(Hint.REPEATED), result.foundMail(), longest);
    }

    private HintBudget budget() {
        return watched.adaptive().hints();
    }
}
