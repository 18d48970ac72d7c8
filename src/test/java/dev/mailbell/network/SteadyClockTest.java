package dev.mailbell.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SteadyClockTest {
    private Instant wall = Instant.parse("2026-11-01T12:00:00Z");
    private long nanos = -5;
    private final SteadyClock clock = new SteadyClock(() -> wall, () -> nanos);

    private void pass(Duration span) {
        nanos += span.toNanos();
        wall = wall.plus(span);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, -48, 48})
    void a_wait_keeps_its_length_when_the_wall_clock_is_set_meanwhile(int hours) {
        Instant until = clock.instant().plusSeconds(600);
        pass(Duration.ofSeconds(10));
        wall = wall.plus(Duration.ofHours(hours));
        for (int i = 0; i < 55; i++) {
            assertThat(clock.instant()).isBefore(until);
            pass(Duration.ofSeconds(10));
        }
        pass(Duration.ofSeconds(75));
        assertThat(clock.instant()).isAfter(until);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1})
    void it_agrees_with_the_wall_clock_again_in_the_end_and_never_goes_back(int hours) {
        wall = wall.plus(Duration.ofHours(hours));
        Instant before = clock.instant();
        for (int i = 0; i < 2 * 21 * 60; i++) {
            pass(Duration.ofSeconds(30));
            Instant after = clock.instant();
            assertThat(after).isAfterOrEqualTo(before);
            before = after;
        }
        assertThat(clock.instant()).isEqualTo(wall);
    }

    @Test
    void it_follows_a_wall_clock_that_is_not_set() {
        for (int i = 0; i < 100; i++) {
            pass(Duration.ofNanos(12_345_678L * i));
            assertThat(clock.instant()).isEqualTo(wall);
        }
    }
}
