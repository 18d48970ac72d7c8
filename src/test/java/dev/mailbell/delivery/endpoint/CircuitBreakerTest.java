package dev.mailbell.delivery.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mailbell.delivery.SteppedClock;
import java.time.Duration;
import java.time.Instant;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
    private static final Duration OPEN_FOR = Duration.ofSeconds(30);
    private final SteppedClock clock = new SteppedClock();
    private final CircuitBreaker breaker = breaker(null, 0);

    private CircuitBreaker breaker(@Nullable Instant openUntil, int openings) {
        return new CircuitBreaker(
                clock,
                () -> OPEN_FOR,
                new SplittableRandom(7),
                new BreakerState(openUntil, openings));
    }

    private static void fail(CircuitBreaker breaker, boolean noAnswer) {
        breaker.failed(breaker.begin(), noAnswer);
    }

    /** This node takes the probe, for ten seconds. */
    private void take(CircuitBreaker open) {
        assertThat(open.isProbeDue()).isTrue();
        Instant ends = clock.instant().plusSeconds(10);
        open.granted(
                new BreakerState(ends, open.state().openings()), clock.instant().plusSeconds(5));
    }

    private Duration openFor() {
        return Duration.between(clock.instant(), breaker.state().until());
    }

    @Test
    void five_unanswered_calls_in_a_row_open_it_and_four_do_not() {
        for (int i = 0; i < 4; i++) {
            fail(breaker, true);
            assertThat(breaker.mayBegin()).isTrue();
        }
        fail(breaker, true);
        assertThat(breaker.mayBegin()).isFalse();
        assertThat(breaker.state().openings()).isOne();
        assertThat(openFor()).isBetween(Duration.ofSeconds(24), Duration.ofSeconds(36));
    }

    @Test
    void an_answer_in_between_restarts_the_count() {
        for (int i = 0; i < 4; i++) {
            fail(breaker, true);
        }
        fail(breaker, false);
        for (int i = 0; i < 4; i++) {
            fail(breaker, true);
        }
        assertThat(breaker.mayBegin()).isTrue();
    }

    @Test
    void seven_failures_of_ten_within_five_minutes_open_it() {
        for (int i = 0; i < 3; i++) {
            breaker.succeeded(breaker.begin());
        }
        for (int i = 0; i < 6; i++) {
            fail(breaker, false);
        }
        assertThat(breaker.mayBegin()).isTrue();
        fail(breaker, false);
        assertThat(breaker.mayBegin()).isFalse();
    }

    @Test
    void failures_of_more_than_five_minutes_ago_do_not_count() {
        for (int i = 0; i < 9; i++) {
            fail(breaker, false);
        }
        clock.step(Duration.ofMinutes(5).plusSeconds(10));
        fail(breaker, false);
        assertThat(breaker.mayBegin()).isTrue();
    }

    @Test
    void half_open_lets_exactly_one_probe_through_whose_success_closes_it() {
        for (int i = 0; i < 5; i++) {
            fail(breaker, true);
        }
        assertThatIllegalStateException().isThrownBy(breaker::begin);
        clock.step(Duration.ofSeconds(37));
        assertThatIllegalStateException().isThrownBy(breaker::begin);
        take(breaker);
        int probe = breaker.begin();
        assertThat(breaker.mayBegin()).isFalse();
        breaker.succeeded(probe);
        assertThat(breaker.mayBegin()).isTrue();
        assertThat(breaker.state().openings()).isZero();
        assertThat(breaker.state().until()).isNull();
    }

    @Test
    void a_failed_probe_opens_it_for_twice_as_long_up_to_an_hour() {
        for (int i = 0; i < 5; i++) {
            fail(breaker, true);
        }
        long expected = 30;
        for (int opening = 2; opening < 40; opening++) {
            clock.step(openFor());
            take(breaker);
            fail(breaker, false);
            expected = Math.min(3600, expected * 2);
            assertThat(breaker.state().openings()).isEqualTo(opening);
            assertThat(openFor().toMillis()).isBetween(expected * 800, expected * 1200);
        }
    }

    @Test
    void a_call_that_began_before_it_opened_is_ignored() {
        int before = breaker.begin();
        for (int i = 0; i < 5; i++) {
            fail(breaker, true);
        }
        Instant until = breaker.state().until();
        breaker.failed(before, true);
        breaker.succeeded(before);
        assertThat(breaker.state().until()).isEqualTo(until);
        assertThat(breaker.state().openings()).isOne();
    }

    @Test
    void an_abandoned_probe_is_replaced_by_another_when_its_time_is_over() {
        for (int i = 0; i < 5; i++) {
            fail(breaker, true);
        }
        clock.step(openFor());
        take(breaker);
        breaker.abandoned(breaker.begin());
        assertThat(breaker.isOpen()).isTrue();
        clock.step(Duration.ofSeconds(10));
        take(breaker);
        assertThat(breaker.mayBegin()).isTrue();
    }

    @Test
    void it_keeps_its_state_over_a_restart() {
        CircuitBreaker restarted = breaker(clock.instant().plusSeconds(10), 3);
        assertThat(restarted.isOpen()).isTrue();
        clock.step(Duration.ofSeconds(10));
        take(restarted);
        fail(restarted, false);
        assertThat(restarted.state().openings()).isEqualTo(4);
        assertThat(Duration.between(clock.instant(), restarted.state().until()).toSeconds())
                .isBetween(192L, 288L);
    }

    @Test
    void a_probe_that_was_taken_and_not_begun_in_time_is_taken_again() {
        CircuitBreaker half = breaker(clock.instant(), 1);
        take(half);
        clock.step(Duration.ofSeconds(5));
        assertThat(half.isOpen()).isTrue();
        clock.step(Duration.ofSeconds(5));
        take(half);
        assertThat(half.mayBegin()).isTrue();
    }

    @Test
    void what_another_node_stored_replaces_the_state_and_the_calls_under_way_do_not_count() {
        int call = breaker.begin();
        breaker.refresh(new BreakerState(clock.instant().plusSeconds(30), 1));
        assertThat(breaker.isOpen()).isTrue();
        breaker.succeeded(call);
        assertThat(breaker.isOpen()).isTrue();
        breaker.refresh(BreakerState.CLOSED);
        assertThat(breaker.mayBegin()).isTrue();
    }

    @Test
    void an_opening_that_is_not_stored_yet_stands_while_the_row_does_not_change() {
        for (int i = 0; i < 5; i++) {
            fail(breaker, true);
        }
        breaker.refresh(BreakerState.CLOSED);
        assertThat(breaker.isOpen()).isTrue();
        assertThat(breaker.stored()).isEqualTo(BreakerState.CLOSED);
        breaker.refresh(breaker.state());
        assertThat(breaker.stored()).isEqualTo(breaker.state());
    }
}
