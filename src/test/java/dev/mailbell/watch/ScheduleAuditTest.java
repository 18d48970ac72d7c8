package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.AccountState;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.history.HistoryBudget;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class ScheduleAuditTest {
    private final CheckSchedule schedule =
            new CheckSchedule(TestPolicy.of(""), () -> 0, new Random(7));
    private final ScheduleAudit audit = new ScheduleAudit(schedule);
    private final WatchedAccount watched =
            new WatchedAccount(
                    TestAccount.of(AccountState.WATCHING, Map.of(), Instant.EPOCH),
                    false,
                    new ReentrantLock(true),
                    () -> 0,
                    new CheckHistory(new HistoryBudget(1)));

    private List<WatchedAccount> round() {
        return audit.round(List.of(watched));
    }

    private boolean isDue() {
        return schedule.dueIn(watched) <= 0;
    }

    @Test
    void an_account_without_a_next_check_in_two_rounds_is_reported_and_due() {
        assertThat(round()).isEmpty();
        assertThat(isDue()).isFalse();
        assertThat(round()).containsExactly(watched);
        assertThat(isDue()).isTrue();
    }

    @Test
    void an_account_whose_check_began_between_the_rounds_is_not_reported() {
        for (int i = 0; i < 5; i++) {
            assertThat(round()).isEmpty();
            assertThat(isDue()).isFalse();
            schedule.began(watched);
        }
    }

    @Test
    void an_account_that_is_checked_or_has_a_timer_is_not_reported() {
        watched.session().lock().lock();
        assertThat(round()).isEmpty();
        assertThat(round()).isEmpty();
        watched.session().lock().unlock();
        assertThat(isDue()).isFalse();
        schedule.hinted(watched, Duration.ofNanos(1_000));
        assertThat(schedule.dueIn(watched)).isEqualTo(1_000);
        assertThat(round()).isEmpty();
        assertThat(round()).isEmpty();
        assertThat(schedule.dueIn(watched)).isEqualTo(1_000);
    }
}
