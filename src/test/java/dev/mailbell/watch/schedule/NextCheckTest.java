package dev.mailbell.watch.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.schedule.CheckOutcome.Signal;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The decision on the next check, as a table. */
class NextCheckTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    /** Every draw is one half: a span that may be made shorter or longer stays as it is. */
    private static final RandomGenerator HALF = () -> 1L << 63;

    private static final Duration INTERVAL = Duration.ofMinutes(2);

    private static Duration seconds(double number) {
        return Duration.ofNanos((long) (number * 1e9));
    }

    /** A state whose parts a row of the table changes. */
    private record State(
            AccountState is,
            int attempts,
            FailureCode code,
            Duration failedFor,
            Duration leastWait,
            double jitter,
            int drops,
            int ownFaults,
            @Nullable Duration dueIn) {

        static final State WATCHING =
                new State(
                        AccountState.WATCHING,
                        0,
                        FailureCode.CONNECT_FAILED,
                        Duration.ZERO,
                        Duration.ZERO,
                        0,
                        0,
                        0,
                        null);

        State failed(FailureCode failure, int times) {
            return new State(
                    AccountState.RETRYING,
                    times,
                    failure,
                    failedFor,
                    leastWait,
                    jitter,
                    drops,
                    ownFaults,
                    dueIn);
        }

        State parkedFor(Duration time) {
            return new State(
                    AccountState.PARKED,
                    3,
                    FailureCode.AUTH_FAILED,
                    time,
                    leastWait,
                    jitter,
                    drops,
                    ownFaults,
                    dueIn);
        }

        State leastWait(Duration delay) {
            return new State(is, attempts, code, failedFor, delay, jitter, drops, ownFaults, dueIn);
        }

        State jitter(double share) {
            return new State(
                    is, attempts, code, failedFor, leastWait, share, drops, ownFaults, dueIn);
        }

        State dropped(int times) {
            return new State(
                    is, attempts, code, failedFor, leastWait, jitter, times, ownFaults, dueIn);
        }

        State ownFaults(int times) {
            return new State(is, attempts, code, failedFor, leastWait, jitter, drops, times, dueIn);
        }

        State dueIn(Duration time) {
            return new State(
                    is, attempts, code, failedFor, leastWait, jitter, drops, ownFaults, time);
        }

        ScheduleState build() {
            Account account = TestAccount.of(is, Map.of(), NOW);
            if (attempts > 0) {
                account =
                        account.withState(
                                is, NOW, new Failure(code, "no", NOW.minus(failedFor), attempts));
            }
            return new ScheduleState(
                    account,
                    INTERVAL,
                    Duration.ofSeconds(30),
                    jitter,
                    leastWait,
                    drops,
                    ownFaults,
                    Duration.ofSeconds(77),
                    dueIn);
        }
    }

    private static MailFailure failure(FailureCode code) {
        return new MailFailure(code, "no");
    }

    private static final State OK = State.WATCHING;
    private static final FailureCode CONNECT = FailureCode.CONNECT_FAILED;

    private static Arguments row(
            String name, CheckOutcome outcome, State state, @Nullable Duration expected) {
        return Arguments.of(name, outcome, state.build(), expected);
    }

    static Stream<Arguments> table() {
        MailFailure lost = failure(CONNECT);
        MailFailure limited = failure(FailureCode.RATE_LIMITED);
        return Stream.of(
                row("a wanted check is due now", Signal.WANTED, OK, Duration.ZERO),
                row(
                        "after a success the adapted interval passes",
                        Signal.SUCCEEDED,
                        OK,
                        seconds(30)),
                row(
                        "no sooner than LOGIN-DELAY or long answers allow",
                        Signal.SUCCEEDED,
                        OK.leastWait(seconds(50)),
                        seconds(50)),
                row("a check without a permit waits 5 s", Signal.NOT_RUN, OK, seconds(5)),
                row(
                        "a first own fault waits 5 s",
                        Signal.NOT_RECORDED,
                        OK.ownFaults(1),
                        seconds(5)),
                row(
                        "a third own fault waits 20 s",
                        Signal.NOT_RECORDED,
                        OK.ownFaults(3),
                        seconds(20)),
                row("while the database is away", Signal.DATABASE_AWAY, OK, seconds(2)),
                row("when no thread can start", Signal.NOT_BEGUN, OK, seconds(2)),
                row("push lasts to the safety check", Signal.PUSH_BEGUN, OK, seconds(77)),
                row("push that ended is polled", Signal.PUSH_ENDED, OK, INTERVAL),
                row(
                        "push that ended keeps a sooner timer",
                        Signal.PUSH_ENDED,
                        OK.dueIn(seconds(60)),
                        null),
                row(
                        "push that ended replaces a later timer, made up to the jitter shorter",
                        Signal.PUSH_ENDED,
                        OK.dueIn(seconds(500)).jitter(0.2),
                        seconds(108)),
                row("a failure backs off", new CheckOutcome.Failed(lost), OK, seconds(5)),
                row(
                        "a third failure backs off longer",
                        new CheckOutcome.Failed(lost),
                        OK.failed(CONNECT, 3),
                        seconds(20)),
                row(
                        "a refused login is tried again after 375 s",
                        new CheckOutcome.Failed(failure(FailureCode.AUTH_FAILED)),
                        OK.failed(FailureCode.AUTH_FAILED, 2),
                        seconds(375)),
                row(
                        "and from the third on once a day",
                        new CheckOutcome.Failed(failure(FailureCode.AUTH_FAILED)),
                        OK.failed(FailureCode.AUTH_FAILED, 3),
                        Duration.ofDays(1)),
                row(
                        "a lost connection is made anew within a second",
                        new CheckOutcome.ConnectionLost(lost),
                        OK.dropped(2),
                        seconds(0.5)),
                row(
                        "a third one in a row is a failure",
                        new CheckOutcome.ConnectionLost(lost),
                        OK.dropped(5),
                        seconds(20)),
                row(
                        "the longer of both waits counts",
                        new CheckOutcome.ConnectionLost(lost),
                        OK.dropped(3).failed(CONNECT, 4),
                        seconds(40)),
                row(
                        "lost push is polled at the latest",
                        new CheckOutcome.PushLost(lost),
                        OK.dropped(9),
                        INTERVAL),
                row(
                        "unless the server asks for a pause",
                        new CheckOutcome.PushLost(limited),
                        OK.dropped(9).failed(FailureCode.RATE_LIMITED, 7),
                        seconds(320)),
                row(
                        "a failed pushed check backs off",
                        new CheckOutcome.FailedPushed(lost),
                        OK.dropped(2),
                        seconds(5)),
                row(
                        "for longer where session after session fails",
                        new CheckOutcome.FailedPushed(lost),
                        OK.dropped(5),
                        seconds(40)),
                row(
                        "up to the polling interval",
                        new CheckOutcome.FailedPushed(lost),
                        OK.dropped(20),
                        INTERVAL),
                row(
                        "but not sooner than an account that fails anyway",
                        new CheckOutcome.FailedPushed(lost),
                        OK.dropped(20).failed(CONNECT, 9),
                        Duration.ofMinutes(15)),
                row(
                        "a deferred hint sets a timer",
                        new CheckOutcome.HintDeferred(seconds(3)),
                        OK,
                        seconds(3)),
                row(
                        "earlier than the one that is set",
                        new CheckOutcome.HintDeferred(seconds(3)),
                        OK.dueIn(seconds(4)),
                        seconds(3)),
                row(
                        "not later",
                        new CheckOutcome.HintDeferred(seconds(3)),
                        OK.dueIn(seconds(3)),
                        null),
                row(
                        "a new interval counts from the last check",
                        new CheckOutcome.Reconfigured(seconds(50)),
                        OK,
                        seconds(70)),
                row(
                        "and is over at once where more has passed",
                        new CheckOutcome.Reconfigured(seconds(500)),
                        OK,
                        Duration.ZERO),
                row(
                        "first checks are spread by turns",
                        new CheckOutcome.Started(seconds(9), NOW),
                        OK,
                        seconds(9)),
                row(
                        "within the interval",
                        new CheckOutcome.Started(seconds(900), NOW),
                        OK,
                        seconds(60)),
                row(
                        "a parked account waits for the rest of its day",
                        new CheckOutcome.Started(seconds(9), NOW),
                        OK.parkedFor(Duration.ofHours(20)),
                        Duration.ofHours(4)),
                row(
                        "a parked account whose day is over takes its turn",
                        new CheckOutcome.Started(seconds(9), NOW),
                        OK.parkedFor(Duration.ofHours(30)),
                        seconds(9)),
                row(
                        "a wall clock that was set back makes no wait longer",
                        new CheckOutcome.Started(seconds(9), NOW),
                        OK.parkedFor(Duration.ofHours(-30)),
                        Duration.ofDays(1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("table")
    void the_next_check_follows_from_what_happened(
            String name, CheckOutcome outcome, ScheduleState state, @Nullable Duration expected) {
        assertThat(NextCheck.after(outcome, state, HALF).orElse(null)).as(name).isEqualTo(expected);
    }

    @Test
    void retry_after_is_never_cut_short() {
        MailFailure asked =
                new MailFailure(FailureCode.RATE_LIMITED, "no", Duration.ofHours(1), null);
        for (CheckOutcome outcome :
                new CheckOutcome[] {
                    new CheckOutcome.Failed(asked),
                    new CheckOutcome.FailedPushed(asked),
                    new CheckOutcome.PushLost(asked)
                }) {
            assertThat(NextCheck.after(outcome, OK.dropped(4).build(), HALF))
                    .hasValue(Duration.ofHours(1));
        }
    }

    @Test
    void a_server_that_pushes_is_trusted_no_longer_than_a_polled_one() {
        assertThat(NextCheck.trust(Duration.ofMinutes(9), INTERVAL, 0.2, HALF))
                .isEqualTo(seconds(108));
        assertThat(NextCheck.trust(Duration.ofMinutes(1), INTERVAL, 0, HALF))
                .isEqualTo(seconds(60));
    }
}
