package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.account.AccountState;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class OrphanSweepTest {
    private final TimerQueue<WatchedAccount> timetable = new TimerQueue<>(() -> 0);
    private final OrphanSweep rescue = new OrphanSweep(timetable);
    private final WatchedAccount watch =
            new WatchedAccount(
                    TestAccount.of(AccountState.WATCHING, Map.of(), Instant.EPOCH),
                    new ReentrantLock(true),
                    () -> 0);

    private boolean isDue() {
        return timetable.dueIn(watch.slot()) <= 0;
    }

    @Test
    void who_seems_forgotten_twice_is_looked_at() {
        rescue.round(List.of(watch));
        assertThat(isDue()).isFalse();
        rescue.round(List.of(watch));
        assertThat(isDue()).isTrue();
    }

    @Test
    void who_was_about_to_be_looked_at_each_time_is_not() {
        for (int i = 0; i < 5; i++) {
            rescue.round(List.of(watch));
            assertThat(isDue()).isFalse();
            watch.lookBegins(0);
        }
    }

    @Test
    void who_is_looked_at_or_has_a_next_look_is_not() {
        watch.looking().lock();
        rescue.round(List.of(watch));
        rescue.round(List.of(watch));
        watch.looking().unlock();
        assertThat(isDue()).isFalse();
        timetable.schedule(watch.slot(), 1_000);
        rescue.round(List.of(watch));
        rescue.round(List.of(watch));
        assertThat(timetable.dueIn(watch.slot())).isEqualTo(1_000);
    }
}
