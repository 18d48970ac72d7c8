package dev.mailbell.watch.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.AccountState;
import dev.mailbell.mail.PushSession.Hint;
import dev.mailbell.watch.TestAccount;
import dev.mailbell.watch.TestPolicy;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.HintBudget;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/** What hints cost that are put off, on a clock that only the test moves. */
class HintTimerTest {
    private static final Duration SAFETY = Duration.ofMinutes(9);
    private static final long MILLI = 1_000_000;

    private long now = 77;
    private final CheckSchedule schedule =
            new CheckSchedule(TestPolicy.of(""), () -> now, new Random(7));
    private final WatchedAccount watched =
            new WatchedAccount(
                    TestAccount.of(AccountState.WATCHING, Map.of(), Instant.EPOCH),
                    false,
                    new ReentrantLock(),
                    () -> now,
                    new CheckHistory(new HistoryBudget(1)));

    private void checkEnds() {
        watched.adaptive().checkedAll(SAFETY);
        schedule.happened(watched, CheckOutcome.Signal.PUSH_BEGUN);
    }

    /**
     * A server hints at random, and when the time of a hint that was put off has come, that hint is
     * there no more.
     */
    @Test
    void hints_that_are_gone_when_their_time_comes_cause_no_more_checks_than_the_stated_rate() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        checkEnds();
        long begun = now;
        int checks = 0;
        int gone = 0;
        while (now - begun < 600_000 * MILLI) {
            HintTimer timer = new HintTimer(watched, schedule, SAFETY);
            CheckResult found = result(random.nextInt(3));
            if (schedule.dueIn(watched) <= 0) {
                assertThat(timer.isCause()).as("seed %d", seed).isTrue();
                timer.deferredChecked(found);
                checkEnds();
                checks++;
                gone++;
            } else if (timer.listenOn(Hint.values()[random.nextInt(3)]).isPresent()) {
                timer.checked(found);
                checkEnds();
                checks++;
            }
            long refilled = (now - begun) / (HintBudget.REFILL_MILLIS * MILLI);
            // One more where the last one came 20 ms before its time, which is listened out.
            assertThat(checks)
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo((int) (HintBudget.BURST + refilled + 1));
            now += random.nextInt(30) * MILLI;
        }
        assertThat(gone).as("seed %d", seed).isGreaterThan(100);
    }

    @Test
    void a_safety_check_that_is_due_is_no_check_for_a_hint() {
        checkEnds();
        HintTimer timer = new HintTimer(watched, schedule, SAFETY);
        for (int i = 0; i < 2; i++) {
            now += 30 * MILLI;
            assertThat(timer.listenOn(Hint.REPEATED)).isPresent();
            timer.checked(result(0));
        }
        assertThat(timer.listenOn(Hint.REPEATED)).isEmpty();
        assertThat(timer.isCause()).isTrue();
        now += SAFETY.toNanos();
        assertThat(timer.isCause()).isFalse();
        timer.forgetDeferred();
        checkEnds();
        assertThat(timer.isCause()).isFalse();
    }

    private static CheckResult result(int newCount) {
        CheckedMailbox inbox = new CheckedMailbox("INBOX", newCount, null, 9, false, false);
        return new CheckResult(List.of(inbox), List.of(), Optional.empty());
    }
}
