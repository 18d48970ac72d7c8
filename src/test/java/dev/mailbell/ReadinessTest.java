package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    @Test
    void every_part_is_asked_and_all_reasons_are_told() {
        assertThat(new Readiness(List.of(List::of, List::of)).get()).isEmpty();
        assertThat(
                        new Readiness(
                                        List.of(
                                                () -> List.of("no database"),
                                                List::of,
                                                () -> List.of("no look", "no lane")))
                                .get())
                .containsExactly("no database", "no look", "no lane");
    }
}
