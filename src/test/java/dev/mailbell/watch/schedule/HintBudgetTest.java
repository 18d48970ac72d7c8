package dev.mailbell.watch.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.PushSession.Hint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When hints may cause checks, on a clock that only the test moves. */
class HintBudgetTest {
    private static final Duration SAFETY = Duration.ofMinutes(9);
    private static final long MILLI = 1_000_000;

    private long now = 77;
    private final HintBudget budget = new HintBudget(() -> now);

    private long delay(Hint hint) {
        return budget.delay(hint, SAFETY).toMillis();
    }

    /** Checks as soon as the hint may cause it, and says how long that took. */
    private long check(Hint hint, boolean foundMail) {
        long waited = delay(hint);
        pass(waited);
        assertThat(delay(hint)).isZero();
        budget.checked(hint, foundMail, SAFETY);
        return waited;
    }

    private void pass(long millis) {
        now += millis * MILLI;
    }

    @Test
    void the_first_hint_causes_a_check_at_once_and_those_of_a_burst_20_ms_later() {
        assertThat(check(Hint.GROWN, true)).isZero();
        assertThat(check(Hint.GROWN, true)).isEqualTo(20);
        pass(5);
        assertThat(check(Hint.GROWN, true)).isEqualTo(15);
        pass(1_001);
        assertThat(check(Hint.GROWN, true)).isZero();
    }

    @Test
    void hints_that_bring_mail_cause_sixty_checks_at_once_and_two_a_second_from_then_on() {
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 70; i++) {
            waits.add(check(Hint.GROWN, true));
        }
        // While the burst lasts, two or three checks are given back.
        assertThat(waits.subList(1, HintBudget.BURST)).containsOnly(20L);
        assertThat(waits.subList(65, 70)).containsOnly(HintBudget.REFILL_MILLIS);
        pass(60 * HintBudget.REFILL_MILLIS);
        assertThat(check(Hint.GROWN, true)).isZero();
    }

    @Test
    void hints_that_bring_nothing_twice_in_a_row_wait_longer_each_time_up_to_the_safety_interval() {
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 15; i++) {
            waits.add(check(Hint.REPEATED, false));
        }
        assertThat(waits)
                .containsExactly(
                        0L, 20L, 1_000L, 2_000L, 4_000L, 8_000L, 16_000L, 32_000L, 64_000L,
                        128_000L, 256_000L, 512_000L, 540_000L, 540_000L, 540_000L);
    }

    @Test
    void mail_ends_the_slowness_of_its_kind_of_hint() {
        for (int i = 0; i < 6; i++) {
            check(Hint.GROWN, false);
        }
        assertThat(check(Hint.GROWN, true)).isEqualTo(16_000);
        assertThat(check(Hint.GROWN, false)).isEqualTo(20);
        assertThat(check(Hint.GROWN, false)).isEqualTo(20);
        assertThat(check(Hint.GROWN, false)).isEqualTo(1_000);
    }

    @Test
    void a_kind_of_hint_that_brings_nothing_does_not_slow_the_others() {
        for (int i = 0; i < 10; i++) {
            check(Hint.REPEATED, false);
            check(Hint.ELSEWHERE, false);
        }
        pass(50);
        assertThat(delay(Hint.REPEATED)).isGreaterThan(60_000);
        assertThat(delay(Hint.ELSEWHERE)).isGreaterThan(60_000);
        assertThat(delay(Hint.GROWN)).isZero();
    }

    @Test
    void hints_in_vain_that_are_rare_do_not_add_up() {
        for (int i = 0; i < 100; i++) {
            assertThat(check(Hint.GROWN, false)).isZero();
            pass(10_001);
        }
        for (int i = 0; i < 8; i++) {
            check(Hint.GROWN, false);
        }
        pass(4 * 64_000 + 1);
        assertThat(check(Hint.GROWN, false)).isZero();
        assertThat(check(Hint.GROWN, false)).isEqualTo(20);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void no_sequence_of_hints_causes_more_than_the_stated_rate(boolean lying) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        int checks = 0;
        long begun = now;
        while (now - begun < 3_600_000 * MILLI) {
            Hint hint = Hint.values()[random.nextInt(3)];
            if (delay(hint) == 0) {
                budget.checked(hint, !lying && random.nextInt(3) == 0, SAFETY);
                checks++;
                long refilled = (now - begun) / (HintBudget.REFILL_MILLIS * MILLI);
                assertThat(checks)
                        .as("seed %d", seed)
                        .isLessThanOrEqualTo((int) (HintBudget.BURST + refilled));
            }
            pass(random.nextInt(50));
        }
        if (lying) {
            // Per kind 2 at once, 9 doublings, then one each 9 minutes.
            assertThat(checks).as("seed %d", seed).isLessThan(3 * (2 + 10 + 7));
        }
    }
}
