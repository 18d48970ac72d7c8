package dev.mailbell.watch.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.client.ClientStore;
import dev.mailbell.mail.PushSession.Hint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AdaptiveIntervalTest {
    private static final Duration SAFETY = Duration.ofMinutes(9);

    private final AtomicLong now = new AtomicLong();
    private final AdaptiveInterval adaptive = new AdaptiveInterval(now::get);
    private final BusySlots.OfClient busy = new BusySlots().of(ClientStore.DEFAULT);

    /** Milliseconds that mail waits which comes right after each check. */
    private long waitAndCheck() {
        Duration hint = adaptive.hints().delay(Hint.GROWN, SAFETY);
        Duration gathering = adaptive.gathering();
        Duration wait = hint.compareTo(gathering) < 0 ? gathering : hint;
        now.addAndGet(wait.toNanos());
        adaptive.pushedCheckBegins();
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(2));
        adaptive.pushedCheckEnded(1, busy);
        adaptive.hints().checked(Hint.GROWN, true, SAFETY);
        return wait.toMillis();
    }

    @Test
    void both_budgets_together_allow_sixty_checks_at_once_and_two_a_second_from_then_on() {
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
            waits.add(waitAndCheck());
        }
        assertThat(waits.getFirst()).isZero();
        assertThat(waits.subList(1, HintBudget.BURST)).containsOnly(20L);
        assertThat(waits.subList(65, 80)).containsOnly(498L);
    }

    @Test
    void mail_that_comes_each_second_is_announced_at_once_while_other_mailboxes_are_flooded() {
        for (int i = 0; i < 600; i++) {
            now.addAndGet(TimeUnit.SECONDS.toNanos(1));
            for (int other = 0; other < 60; other++) {
                busy.reserve(now.get());
            }
            assertThat(waitAndCheck()).isZero();
        }
    }

    @Test
    void the_safety_check_of_push_waits_as_long_after_two_checks_that_read_much() {
        Duration interval = Duration.ofSeconds(10);
        adaptive.hasRead(10 << 20);
        adaptive.checkedAll(interval);
        assertThat(adaptive.nanosToSafetyCheck()).isEqualTo(interval.toNanos());
        adaptive.hasRead(10 << 20);
        adaptive.checkedAll(interval);
        assertThat(adaptive.nanosToSafetyCheck()).isEqualTo(Duration.ofSeconds(160).toNanos());
        adaptive.trustAtMost(Duration.ofSeconds(150));
        assertThat(adaptive.nanosToSafetyCheck()).isEqualTo(Duration.ofSeconds(150).toNanos());
        adaptive.hasRead(0);
        adaptive.checkedAll(interval);
        assertThat(adaptive.nanosToSafetyCheck()).isEqualTo(interval.toNanos());
    }

    @Test
    void two_checks_in_a_row_that_read_much_delay_the_next_by_what_the_smaller_one_read() {
        int mebibyte = 1 << 20;
        adaptive.hasRead(10 * mebibyte);
        assertThat(adaptive.leastWait()).isZero();
        adaptive.hasRead(20 * mebibyte);
        assertThat(adaptive.leastWait()).isEqualTo(Duration.ofSeconds(160));
        adaptive.askedFor(Duration.ofSeconds(161));
        assertThat(adaptive.leastWait()).isEqualTo(Duration.ofSeconds(161));
        adaptive.hasRead(0);
        adaptive.askedFor(Duration.ofSeconds(60));
        assertThat(adaptive.leastWait()).isEqualTo(Duration.ofSeconds(60));
        adaptive.hasRead(Long.MAX_VALUE);
        adaptive.hasRead(Long.MAX_VALUE);
        assertThat(adaptive.leastWait()).isGreaterThan(Duration.ofHours(9));
    }
}
