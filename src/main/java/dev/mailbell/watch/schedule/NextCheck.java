package dev.mailbell.watch.schedule;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Decides when an account is checked next. Pure: time and configuration are arguments. */
public final class NextCheck {
    /** So many connections in a row that were lost soon count as a failure. */
    public static final int DROPS = 3;

    private static final Duration RECONNECTED_WITHIN = Duration.ofSeconds(1);

    /** Until the next check where this one did not run to its end because of this node. */
    private static final Duration AFTER_NOT_RUN = Duration.ofSeconds(5);

    /** Checks that are due while the database is away are tried again after this time. */
    private static final Duration WHILE_AWAY = Duration.ofSeconds(2);

    private NextCheck() {}

    /**
     * In what time the account is checked next.
     *
     * @param random for jitter
     * @return empty when the timer that is set stays as it is
     */
    public static Optional<Duration> after(
            CheckOutcome outcome, ScheduleState state, RandomGenerator random) {
        return switch (outcome) {
            case CheckOutcome.Signal signal -> after(signal, state, random);
            case CheckOutcome.Started started -> Optional.of(first(started, state, random));
            case CheckOutcome.Failed(MailFailure failure) ->
                    Optional.of(failed(failure, state, random));
            case CheckOutcome.FailedPushed(MailFailure failure) ->
                    Optional.of(failedPushed(failure, state, random));
            case CheckOutcome.ConnectionLost(MailFailure failure) ->
                    Optional.of(lost(failure, state, random));
            case CheckOutcome.PushLost(MailFailure failure) ->
                    Optional.of(pushLost(failure, state, random));
            case CheckOutcome.HintDeferred(Duration delay) -> sooner(delay, delay, state);
            case CheckOutcome.Reconfigured(Duration sinceEnded) -> {
                Duration interval = Backoff.jittered(state.interval(), state.jitter(), random);
                Duration left = atLeast(state.leastWait(), interval).minus(sinceEnded);
                yield Optional.of(atLeast(Duration.ZERO, left));
            }
        };
    }

    private static Optional<Duration> after(
            CheckOutcome.Signal signal, ScheduleState state, RandomGenerator random) {
        return switch (signal) {
            case WANTED -> Optional.of(Duration.ZERO);
            case SUCCEEDED ->
                    Optional.of(
                            atLeast(
                                    state.leastWait(),
                                    Backoff.jittered(state.adapted(), state.jitter(), random)));
            case NOT_RUN -> Optional.of(AFTER_NOT_RUN);
            case NOT_RECORDED -> Optional.of(Backoff.doubled(state.ownFaults()));
            case DATABASE_AWAY -> Optional.of(Backoff.jittered(WHILE_AWAY, 0.5, random));
            case NOT_BEGUN -> Optional.of(WHILE_AWAY);
            case PUSH_BEGUN -> Optional.of(state.untilSafetyCheck());
            case PUSH_ENDED -> sooner(state.interval(), polled(state, random), state);
        };
    }

    /** Sets the timer to {@code next} if it is set to later than the limit, or not set. */
    private static Optional<Duration> sooner(Duration limit, Duration next, ScheduleState state) {
        Duration dueIn = state.dueIn();
        return dueIn == null || limit.compareTo(dueIn) < 0 ? Optional.of(next) : Optional.empty();
    }

    /** Mail that came while the node was down is found soon, but not by all accounts at once. */
    private static Duration first(
            CheckOutcome.Started started, ScheduleState state, RandomGenerator random) {
        Account account = state.account();
        Failure failure = account.failure();
        if (account.state() == AccountState.PARKED && failure != null) {
            Duration probe = Backoff.after(failure.code(), failure.attempts(), random);
            Duration waited = Duration.between(failure.since(), started.now());
            // A wall clock that was set back has not made the wait longer.
            return waited.isNegative()
                    ? probe
                    : probe.compareTo(waited) > 0 ? probe.minus(waited) : started.turn();
        }
        // Where there are too many accounts for that, each is checked within its interval.
        return started.turn().compareTo(state.interval()) <= 0
                ? started.turn()
                : Duration.ofNanos((long) (state.interval().toNanos() * random.nextDouble()));
    }

    /** Exponential back-off, and no sooner than the server asked for. */
    private static Duration failed(
            MailFailure failure, ScheduleState state, RandomGenerator random) {
        Duration wait = Backoff.after(failure.code(), state.attempts(), random);
        return failure.retryAfter().map(asked -> atLeast(asked, wait)).orElse(wait);
    }

    /**
     * Where the first check of each session works and the next one fails, the number of failures in
     * a row never exceeds one: the wait grows by the number of sessions in a row that lived only
     * briefly, up to the polling interval.
     */
    private static Duration failedPushed(
            MailFailure failure, ScheduleState state, RandomGenerator random) {
        Duration failed = failed(failure, state, random);
        if (state.drops() < DROPS) {
            return failed;
        }
        Duration wait = Backoff.after(failure.code(), state.drops() - DROPS + 2, random);
        return atLeast(failed, atMost(polled(state, random), wait));
    }

    /** Every connection is lost some day; only where it happens over and over it is a failure. */
    private static Duration lost(MailFailure failure, ScheduleState state, RandomGenerator random) {
        if (state.drops() < DROPS) {
            return Backoff.jittered(RECONNECTED_WITHIN.dividedBy(2), 1, random);
        }
        Duration wait = Backoff.after(failure.code(), state.drops() - DROPS + 1, random);
        return atLeast(failed(failure, state, random), wait);
    }

    /** No later than without push, unless the server asked for a longer wait. */
    private static Duration pushLost(
            MailFailure failure, ScheduleState state, RandomGenerator random) {
        if (asksToWait(failure)) {
            return failed(failure, state, random);
        }
        Duration wait = lost(failure, state, random);
        return wait.compareTo(state.interval()) > 0 ? polled(state, random) : wait;
    }

    /** Whether the server itself asked for a pause. */
    public static boolean asksToWait(MailFailure failure) {
        return failure.code() == FailureCode.RATE_LIMITED
                || failure.code() == FailureCode.TOO_MANY_CONNECTIONS
                || failure.retryAfter().isPresent();
    }

    /**
     * For how long a server that pushes is trusted: never longer than without push, for IDLE may be
     * bound to a mailbox that was deleted and created again.
     */
    public static Duration trust(
            Duration safetyInterval, Duration interval, double jitter, RandomGenerator random) {
        return shortened(atMost(interval, safetyInterval), jitter, random);
    }

    private static Duration polled(ScheduleState state, RandomGenerator random) {
        return shortened(state.interval(), state.jitter(), random);
    }

    /** A span made shorter by up to the configured jitter, never longer. */
    private static Duration shortened(Duration span, double jitter, RandomGenerator random) {
        return Duration.ofNanos((long) (span.toNanos() * (1 - jitter * random.nextDouble())));
    }

    private static Duration atLeast(Duration least, Duration span) {
        return span.compareTo(least) < 0 ? least : span;
    }

    private static Duration atMost(Duration most, Duration span) {
        return span.compareTo(most) > 0 ? most : span;
    }
}
