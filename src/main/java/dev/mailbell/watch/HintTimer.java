package dev.mailbell.watch;

import dev.mailbell.mail.PushSession.Hint;
import dev.mailbell.mail.PushSession.HintPolicy;
import dev.mailbell.watch.AccountChecker.Looked;
import dev.mailbell.watch.schedule.HintBudget;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.util.Optional;

/**
 * Lets hints end one waiting for push as the account's {@link HintBudget} allows: at once, or by
 * making the account due when it does. For the thread that holds the account's lock.
 */
final class HintTimer implements HintPolicy {
    /** A hint that must wait no longer than this ends the waiting after a short listening on. */
    private static final Duration LISTENED = Duration.ofMillis(HintBudget.GATHERED_MILLIS);

    private final WatchedAccount watch;
    private final TimerQueue<WatchedAccount> timetable;
    private final Duration longest;
    private Hint granted = Hint.REPEATED;

    /**
     * @param longest a hint never waits longer than this after the check before
     */
    HintTimer(WatchedAccount watch, TimerQueue<WatchedAccount> timetable, Duration longest) {
        this.watch = watch;
        this.timetable = timetable;
        this.longest = longest;
    }

    @Override
    public Optional<Duration> listenOn(Hint hint) {
        Duration allowed = budget().delay(hint, longest);
        Duration gathered = watch.rhythm().gathering();
        Duration delay = allowed.compareTo(gathered) < 0 ? gathered : allowed;
        if (delay.compareTo(LISTENED) <= 0) {
            granted = hint;
            return Optional.of(delay);
        }
        if (!watch.isLookWanted() && delay.toNanos() < timetable.dueIn(watch.slot())) {
            budget().putOff(hint);
            timetable.schedule(watch.slot(), delay.toNanos());
        }
        return Optional.empty();
    }

    /**
     * Whether the account is due because of a hint that was put off, in this waiting or in one
     * before, and not for a safety check.
     */
    boolean isWhy() {
        return budget().putOff().isPresent() && watch.rhythm().nanosToSafetyLook() > 0;
    }

    /** A safety check is made, whatever hints wait. */
    void forgetPutOff() {
        budget().forgetPutOff();
    }

    /** The account was checked because of the hint that ended the waiting. */
    void checked(Looked looked) {
        budget().checked(granted, looked.foundMail(), longest);
    }

    /** The account was checked because of a hint that was put off and was not there any more. */
    void putOffChecked(Looked looked) {
        budget().checked(budget().putOff().orElse(Hint.REPEATED), looked.foundMail(), longest);
    }

    private HintBudget budget() {
        return watch.rhythm().hints();
    }
}
