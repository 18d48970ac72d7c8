package dev.mailbell.watch.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.FailureCode;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {
    /** Every draw is one half: no jitter. */
    private static final RandomGenerator HALF = () -> 1L << 63;

    @ParameterizedTest
    @CsvSource({
        "CONNECT_FAILED, 1, 5",
        "CONNECT_FAILED, 2, 10",
        "CONNECT_FAILED, 8, 640",
        "CONNECT_FAILED, 9, 900",
        "TIMEOUT, 1000000, 900",
        "AUTH_FAILED, 1, 375",
        "AUTH_FAILED, 2, 375",
        "AUTH_FAILED, 3, 86400",
        "TOKEN_REFUSED, 100, 86400",
        "MAILBOX_LOCKED, 1, 60",
        "MAILBOX_LOCKED, 4, 240",
        "MAILBOX_LOCKED, 50, 300",
    })
    void the_wait_follows_from_the_failure_and_the_attempts(
            FailureCode code, int attempts, int seconds) {
        assertThat(Backoff.after(code, attempts, HALF)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void three_refusals_span_ten_minutes_even_when_jitter_makes_each_wait_shortest() {
        RandomGenerator least = () -> 0;
        Duration sum =
                Backoff.after(FailureCode.AUTH_FAILED, 1, least)
                        .plus(Backoff.after(FailureCode.AUTH_FAILED, 2, least));
        assertThat(sum).isGreaterThanOrEqualTo(Duration.ofMinutes(10));
    }

    @Test
    void jitter_keeps_within_a_fifth_and_uses_all_of_it() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<Long> millis =
                IntStream.range(0, 10_000)
                        .mapToObj(i ->
                                Backoff.jittered(Duration.ofSeconds(10), 0.2, random).toMillis())
                        .toList();
        assertThat(millis).as("seed %d", seed).allMatch(span -> span >= 8_000 && span <= 12_000);
        assertThat(millis)
                .as("seed %d", seed)
                .anyMatch(span -> span < 8_200)
                .anyMatch(span -> span > 11_800);
    }
}
