package dev.mailbell.ui.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShowTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0 ms",
        "PT0.031S, 31 ms",
        "PT4.24S, 4.2 s",
        "PT99S, 99 s",
        "PT3M5S, 3 min",
        "PT2H, 2 h",
        "PT26H5M, 26 h 5 min",
        "PT72H, 3 days",
        "PT-5S, 0 ms"
    })
    void a_duration_has_the_units_that_say_most(Duration duration, String shown) {
        assertThat(Show.duration(duration)).isEqualTo(shown);
    }

    @Test
    void a_moment_is_shown_from_now() {
        assertThat(Show.relative(NOW.minusSeconds(300), NOW)).isEqualTo("5 min ago");
        assertThat(Show.relative(NOW.plusSeconds(90), NOW)).isEqualTo("in 90 s");
        assertThat(Show.relative(NOW, NOW)).isEqualTo("now");
        assertThat(Show.relative(null, NOW)).isEqualTo("never");
        assertThat(Show.time(NOW)).isEqualTo("2026-11-20 12:00:00 UTC");
    }

    @Test
    void numbers_have_as_many_places_as_one_reads() {
        assertThat(Show.count(1_234_567)).isEqualTo("1,234,567");
        assertThat(Show.count(1, "node", "nodes")).isEqualTo("1 node");
        assertThat(Show.rate(0)).isEqualTo("0");
        assertThat(Show.rate(0.04)).isEqualTo("0.04");
        assertThat(Show.rate(3.14)).isEqualTo("3.1");
        assertThat(Show.rate(1_234.5)).isEqualTo("1,235");
        assertThat(Show.rate(Double.NaN)).isEqualTo("–");
    }
}
