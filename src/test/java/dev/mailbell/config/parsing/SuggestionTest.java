package dev.mailbell.config.parsing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionTest {
    private static final List<String> KEYS = List.of("interval", "max", "min", "push");

    @Test
    void the_nearest_name_is_suggested() {
        assertThat(Suggestion.to("intervall", KEYS)).contains("interval");
        assertThat(Suggestion.to("psuh", KEYS)).contains("push");
    }

    @Test
    void of_two_equally_near_names_the_first_is_suggested() {
        assertThat(Suggestion.to("mix", KEYS)).contains("max");
    }

    @Test
    void a_name_more_than_three_letters_away_is_not_suggested() {
        assertThat(Suggestion.to("retention", KEYS)).isEmpty();
        assertThat(Suggestion.to("x", List.of())).isEmpty();
    }
}
