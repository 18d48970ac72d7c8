package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryScheduleTest {
    private static final List<Duration> SCHEDULE =
            List.of(Duration.ofSeconds(5), Duration.ofMinutes(5), Duration.ofHours(1));

    private static Duration next(
            int attempts, @Nullable Duration retryAfter, RandomGenerator random) {
        return RetrySchedule.next(SCHEDULE, attempts, retryAfter, random).orElseThrow();
    }

    /** A generator whose numbers are all the same. */
    private static RandomGenerator constant(double number) {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new UnsupportedOperationException();
            }

            @Override
            public double nextDouble() {
                return number;
            }
        };
    }

    @ParameterizedTest
    @CsvSource({"1, PT5S", "2, PT5M", "3, PT1H"})
    void the_wait_after_an_attempt_is_that_of_the_schedule(int attempts, Duration wait) {
        assertThat(next(attempts, null, constant(0.5))).isEqualTo(wait);
    }

    @Test
    void the_jitter_is_twenty_percent_to_both_sides() {
        assertThat(next(1, null, constant(0))).isEqualTo(Duration.ofSeconds(4));
        RandomGenerator random = new SplittableRandom(5);
        for (int i = 0; i < 1000; i++) {
            assertThat(next(1, null, random))
                    .as("seed 5, draw %d", i)
                    .isBetween(Duration.ofSeconds(4), Duration.ofSeconds(6));
        }
    }

    @Test
    void after_the_last_wait_there_is_no_attempt() {
        assertThat(RetrySchedule.next(SCHEDULE, 4, null, constant(0.5))).isEmpty();
        assertThat(RetrySchedule.next(SCHEDULE, 4, Duration.ofSeconds(1), constant(0.5))).isEmpty();
        assertThat(RetrySchedule.next(List.of(), 1, null, constant(0.5))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"PT0S, PT5S", "PT5S, PT5S", "PT6S, PT6S", "PT24H, PT24H", "PT25H, PT24H"})
    void retry_after_prolongs_the_wait_to_a_day_at_most(Duration retryAfter, Duration wait) {
        assertThat(next(1, retryAfter, constant(0.5))).isEqualTo(wait);
    }
}
