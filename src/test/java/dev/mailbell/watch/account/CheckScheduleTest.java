package dev.mailbell.watch.account;

import static java.lang.Thread.State.BLOCKED;
import static java.lang.Thread.State.TERMINATED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.AccountState;
import dev.mailbell.config.Configuration;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.TestPolicy;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.CheckOutcome.Signal;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** On a clock that only the test moves. */
class CheckScheduleTest {
    private long now = 7;
    private final CheckSchedule schedule =
            new CheckSchedule(TestPolicy.of("polling: { jitter: 0 }"), () -> now, new Random(7));
    private final WatchedAccount account =
            new WatchedAccount(
                    TestAccount.of(AccountState.WATCHING, Map.of(), Instant.EPOCH),
                    false,
                    new ReentrantLock(true),
                    () -> now,
                    new CheckHistory(new HistoryBudget(1)));

    private void pass(Duration time) {
        now += time.toNanos();
    }

    private Duration dueIn() {
        return Duration.ofNanos(schedule.dueIn(account));
    }

    @Test
    void a_fault_in_the_decision_leaves_no_account_without_a_timer() {
        AtomicBoolean broken = new AtomicBoolean();
        CheckSchedule failing =
                new CheckSchedule(TestPolicy.of("", broken::get), () -> now, new Random(7));
        broken.set(true);
        failing.began(account);
        failing.ended(account, Signal.NOT_RUN);
        assertThat(failing.isScheduled(account)).isTrue();
        assertThat(Duration.ofNanos(failing.dueIn(account))).isEqualTo(Duration.ofSeconds(5));
        assertThat(account.due().sinceEnded(now)).isZero();
    }

    /** No mailbox is forgotten: whatever the end of a check, another one follows. */
    @Test
    void after_each_outcome_of_a_check_the_account_has_a_timer() {
        MailFailure failure = new MailFailure(FailureCode.TIMEOUT, "late");
        CheckOutcome[] outcomes = {
            Signal.WANTED,
            Signal.SUCCEEDED,
            Signal.NOT_RUN,
            Signal.NOT_RECORDED,
            Signal.DATABASE_AWAY,
            Signal.NOT_BEGUN,
            Signal.PUSH_BEGUN,
            Signal.PUSH_ENDED,
            new CheckOutcome.Failed(failure),
            new CheckOutcome.FailedPushed(failure),
            new CheckOutcome.ConnectionLost(failure),
            new CheckOutcome.PushLost(failure),
            new CheckOutcome.Started(Duration.ofSeconds(3), Instant.EPOCH),
            new CheckOutcome.HintDeferred(Duration.ofSeconds(3))
        };
        for (CheckOutcome outcome : outcomes) {
            schedule.began(account);
            assertThat(schedule.isScheduled(account)).isFalse();
            if (outcome == Signal.NOT_RECORDED) {
                account.adaptive().notRecorded();
            }
            schedule.ended(account, outcome);
            assertThat(schedule.isScheduled(account)).as("%s", outcome).isTrue();
        }
    }

    @Test
    void a_removed_account_gets_no_timer_when_its_last_check_ends() {
        schedule.wanted(account);
        schedule.began(account);
        schedule.removed(account);
        account.end(() -> {});
        schedule.ended(account, Signal.SUCCEEDED);
        assertThat(schedule.isScheduled(account)).isFalse();
        schedule.endedStillDue(account, Signal.NOT_RUN, now);
        assertThat(schedule.isScheduled(account)).isFalse();
        assertThat(schedule.status().oldestDue()).isZero();
    }

    @Test
    void a_hint_moves_the_timer_only_to_earlier() {
        schedule.happened(account, new CheckOutcome.HintDeferred(Duration.ofSeconds(9)));
        assertThat(schedule.hinted(account, Duration.ofSeconds(20))).isFalse();
        assertThat(dueIn()).isEqualTo(Duration.ofSeconds(9));
        assertThat(schedule.hinted(account, Duration.ofSeconds(2))).isTrue();
        assertThat(dueIn()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void a_new_configuration_counts_from_the_end_of_the_last_check() {
        schedule.reconfigured(account);
        assertThat(schedule.isScheduled(account)).as("never checked").isFalse();
        schedule.began(account);
        schedule.reconfigured(account);
        assertThat(schedule.isScheduled(account)).as("under way").isFalse();
        schedule.ended(account, Signal.SUCCEEDED);
        Duration interval = dueIn();
        pass(Duration.ofSeconds(10));
        schedule.wanted(account);
        schedule.reconfigured(account);
        assertThat(dueIn()).isEqualTo(interval.minusSeconds(10));
    }

    /** What is decided by the old configuration does not outlast the reload beside it. */
    @ParameterizedTest
    @EnumSource(
            value = Signal.class,
            names = {"SUCCEEDED", "PUSH_ENDED"})
    void what_happens_beside_a_new_configuration_gets_the_new_interval(Signal signal)
            throws InterruptedException {
        Configuration before =
                TestPolicy.configuration("polling: { jitter: 0, imap: { interval: 1h } }");
        Configuration after =
                TestPolicy.configuration("polling: { jitter: 0, imap: { interval: 3h } }");
        AtomicReference<@Nullable Thread> deciding = new AtomicReference<>();
        CountDownLatch decides = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        PollingPolicy policy =
                new PollingPolicy(
                        () -> {
                            if (Thread.currentThread() != deciding.get()) {
                                return after;
                            }
                            decides.countDown();
                            awaitLatch(goOn);
                            return before;
                        },
                        () -> 1);
        CheckSchedule changing = new CheckSchedule(policy, () -> now, new Random(7));
        changing.began(account);
        if (signal == Signal.PUSH_ENDED) {
            changing.ended(account, new CheckOutcome.HintDeferred(Duration.ofHours(9)));
        }
        Thread old =
                new Thread(() -> {
                    if (signal == Signal.PUSH_ENDED) {
                        changing.happened(account, signal);
                    } else {
                        changing.ended(account, signal);
                    }
                });
        deciding.set(old);
        old.start();
        decides.await();
        Thread reload = new Thread(() -> changing.reconfigured(account));
        reload.start();
        // Without a common lock it has passed the account by now.
        await().until(() -> EnumSet.of(BLOCKED, TERMINATED).contains(reload.getState()));
        goOn.countDown();
        old.join();
        reload.join();
        assertThat(Duration.ofNanos(changing.dueIn(account))).isEqualTo(Duration.ofHours(3));
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_check_that_stays_due_is_not_put_off_by_a_new_configuration() {
        schedule.wanted(account);
        long since = schedule.began(account);
        schedule.endedStillDue(account, Signal.NOT_RUN, since);
        Duration wait = dueIn();
        schedule.reconfigured(account);
        assertThat(dueIn()).isEqualTo(wait).isLessThan(Duration.ofMinutes(1));
    }

    @Test
    void an_account_whose_check_is_under_way_is_not_made_due_by_its_host() {
        schedule.began(account);
        schedule.wantedIfScheduled(account);
        assertThat(schedule.isScheduled(account)).isFalse();
        schedule.ended(account, Signal.SUCCEEDED);
        schedule.wantedIfScheduled(account);
        assertThat(dueIn()).isZero();
    }

    @Test
    void a_check_that_ended_without_an_answer_stays_due_since_its_time()
            throws InterruptedException {
        schedule.wanted(account);
        pass(Duration.ofMinutes(1));
        schedule.due(schedule.take());
        long since = schedule.began(account);
        pass(Duration.ofMinutes(1));
        schedule.endedStillDue(account, Signal.NOT_RUN, since);
        assertThat(dueIn()).isEqualTo(Duration.ofSeconds(5));
        assertThat(schedule.status())
                .isEqualTo(new ScheduleStatus(1, Duration.ofMinutes(2), Duration.ofMinutes(2)));
        schedule.began(account);
        schedule.ended(account, Signal.SUCCEEDED);
        assertThat(schedule.status())
                .isEqualTo(new ScheduleStatus(1, Duration.ZERO, Duration.ZERO));
    }
}
