package dev.mailbell.config.parsing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "250ms, PT0.25S",
        "30s, PT30S",
        "5m, PT5M",
        "24h, PT24H",
        "14d, PT336H",
        "' 30S ', PT30S",
        "PT1M30S, PT1M30S"
    })
    void both_forms_are_read(String text, Duration duration) {
        assertThat(Durations.parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "30", "s", "1.5h", "-5s", "5 m", "9999999999s", "PT"})
    void other_texts_are_refused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Durations.parse(text))
                .withMessage("not a duration such as 30s, 5m, 24h or PT30S: \"" + text + "\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"250ms", "0s", "30s", "90s", "5m", "90m", "24h", "36h", "14d"})
    void a_printed_duration_is_read_back(String text) {
        Duration duration = Durations.parse(text);
        assertThat(Durations.parse(Durations.print(duration))).isEqualTo(duration);
    }

    @ParameterizedTest
    @CsvSource({"PT0S, 0s", "PT90S, 90s", "PT120S, 2m", "PT24H, 1d", "PT0.25S, 250ms"})
    void the_shortest_form_is_printed(Duration duration, String text) {
        assertThat(Durations.print(duration)).isEqualTo(text);
    }
}
