package dev.mailbell.watch.account;

import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.CheckOutcome.Signal;
import dev.mailbell.watch.schedule.NextCheck;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.schedule.ScheduleState;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timers of all accounts' next checks. The only class that sets a timer: the others report what
 * happened to an account, and {@link NextCheck} decides. Safe for many threads.
 */
public final class CheckSchedule {
    private static final Logger LOG = LoggerFactory.getLogger(CheckSchedule.class);

    /** The wait after a fault in the decision itself. */
    private static final Duration UNDECIDED = Duration.ofSeconds(5);

    private final TimerQueue<WatchedAccount> timers;
    private final DueChecks due;
    private final PollingPolicy policy;
    private final LongSupplier nanoTime;
    private final RandomGenerator random;

    public CheckSchedule(PollingPolicy policy, LongSupplier nanoTime, RandomGenerator random) {
        this.timers = new TimerQueue<>(nanoTime);
        this.due = new DueChecks(timers, nanoTime);
        this.policy = policy;
        this.nanoTime = nanoTime;
        this.random = random;
    }

    /** Waits for the next account whose check is due, and clears its timer. */
    public WatchedAccount take() throws InterruptedException {
        return timers.take();
    }

    /**
     * Sets the account's timer by what happened. The timer of a removed account may be set once
     * more; {@link #take} then returns an account that has ended.
     */
    public void happened(WatchedAccount account, CheckOutcome outcome) {
        setTimer(account, outcome);
    }

    /** Answers whether the timer was set; a timer that stays as it is was not. */
    private boolean setTimer(WatchedAccount account, CheckOutcome outcome) {
        // A wait by the old configuration is set before reconfigured() looks at the timer, which
        // then sets another one.
        synchronized (account.timer()) {
            Optional<Duration> next;
            try {
                next = next(account, outcome);
            } catch (RuntimeException e) {
                // An account without a timer would be forgotten.
                LOG.error("The next check of {} could not be decided", account.account().id(), e);
                next = Optional.of(UNDECIDED);
            }
            next.ifPresent(wait -> timers.schedule(account.timer(), wait.toNanos()));
            return next.isPresent();
        }
    }

    private Optional<Duration> next(WatchedAccount account, CheckOutcome outcome) {
        long dueIn = timers.dueIn(account.timer());
        ScheduleState state =
                ScheduleState.of(
                        account.account(),
                        policy,
                        account.adaptive(),
                        dueIn == Long.MAX_VALUE ? null : Duration.ofNanos(dueIn));
        return NextCheck.after(outcome, state, random);
    }

    /** A check is wanted now. */
    public void wanted(WatchedAccount account) {
        happened(account, Signal.WANTED);
    }

    /** A check is due, and its timer is set when the account no longer waits for push. */
    public void dueAfterPush(WatchedAccount account) {
        account.due().want(nanoTime.getAsLong());
    }

    /** A check is wanted now, unless one is under way. */
    public void wantedIfScheduled(WatchedAccount account) {
        if (isScheduled(account)) {
            wanted(account);
        }
    }

    /** A hint must wait; answers whether it is what the timer is set for now. */
    public boolean hinted(WatchedAccount account, Duration delay) {
        return setTimer(account, new CheckOutcome.HintDeferred(delay));
    }

    /**
     * The configuration has changed. An account whose check is under way is scheduled by that; a
     * check that could not begin or be recorded stays due.
     */
    public void reconfigured(WatchedAccount account) {
        synchronized (account.timer()) {
            long sinceEnded = account.due().sinceEnded(nanoTime.getAsLong());
            boolean postponed = account.due().isPostponedTo(timers.dueAt(account.timer()));
            if (sinceEnded >= 0 && isScheduled(account) && !postponed) {
                happened(account, new CheckOutcome.Reconfigured(Duration.ofNanos(sinceEnded)));
            }
        }
    }

    /** The account is not watched any more, or another object watches it. */
    public void removed(WatchedAccount account) {
        timers.cancel(account.timer());
        due.removed(account);
    }

    /** {@link #take} has returned the account: its check is due since the time of its timer. */
    public void due(WatchedAccount account) {
        due.due(account);
    }

    /**
     * A check of the account that was due cannot begin because the database is away, or another
     * node may watch it.
     */
    public void databaseAway(WatchedAccount account) {
        synchronized (account.timer()) {
            long since = timers.dueAt(account.timer());
            happened(account, Signal.DATABASE_AWAY);
            due.postponed(account, since);
        }
    }

    /**
     * A check begins: no timer is set until it has ended.
     *
     * @return since when it has been due, by the monotonic clock
     */
    public long began(WatchedAccount account) {
        synchronized (account.timer()) {
            timers.cancel(account.timer());
        }
        return account.due().begin(nanoTime.getAsLong());
    }

    /** A check has ended. */
    public void ended(WatchedAccount account, CheckOutcome outcome) {
        synchronized (account.timer()) {
            try {
                if (!account.hasEnded()) {
                    happened(account, outcome);
                }
            } finally {
                due.ended(account);
                if (isAnswer(outcome)) {
                    account.due().answered(nanoTime.getAsLong());
                }
            }
        }
    }

    /** Whether the mail server has answered, or was found not to. */
    private static boolean isAnswer(CheckOutcome outcome) {
        return switch (outcome) {
            case Signal signal -> signal == Signal.SUCCEEDED;
            case CheckOutcome.Failed failed -> true;
            case CheckOutcome.FailedPushed failed -> true;
            case CheckOutcome.ConnectionLost lost -> true;
            default -> false;
        };
    }

    /**
     * A check has ended without an answer: it stays due.
     *
     * @param since since when it has been due, by the monotonic clock
     */
    public void endedStillDue(WatchedAccount account, CheckOutcome outcome, long since) {
        synchronized (account.timer()) {
            ended(account, outcome);
            if (!account.hasEnded()) {
                due.postponed(account, since);
            }
        }
    }

    /** How many nanoseconds until the timer, negative when it is over; the maximum for none. */
    public long dueIn(WatchedAccount account) {
        return timers.dueIn(account.timer());
    }

    public boolean isScheduled(WatchedAccount account) {
        return dueIn(account) != Long.MAX_VALUE;
    }

    /** For how long a server that pushes is trusted after all mailboxes were checked. */
    public Duration trust(WatchedAccount account) {
        return NextCheck.trust(
                policy.safetyInterval(account.account().mail().host()),
                policy.interval(account.account()),
                policy.jitter(),
                random);
    }

    /** For how long the check that is due, or under way, has been due; zero when none is. */
    public Duration dueFor(WatchedAccount account) {
        return Duration.ofNanos(due.age(account));
    }

    /**
     * How long ago a check of the account last succeeded or failed; empty for never here. One that
     * ended because of this node or the database does not count.
     */
    public Optional<Duration> sinceChecked(WatchedAccount account) {
        return account.due().sinceAnswered(nanoTime.getAsLong());
    }

    /** Forgets due checks of accounts that were changed or removed meanwhile. */
    public void forgetOver() {
        due.forgetOver();
    }

    /** How things are now. */
    public ScheduleStatus status() {
        return new ScheduleStatus(
                timers.size(), Duration.ofNanos(due.oldest()), Duration.ofNanos(due.stuck()));
    }
}
