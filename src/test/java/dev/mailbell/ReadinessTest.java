package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReadinessTest {
    @Test
    void all_parts_reasons_are_collected() {
        assertThat(new Readiness(List.of(List::of, List::of), List.of()).get()).isEmpty();
        assertThat(
                        new Readiness(
                                        List.of(
                                                () -> List.of("no database"),
                                                List::of,
                                                () -> List.of("no check", "no queue")),
                                        List.of())
                                .get())
                .containsExactly("no database", "no check", "no queue");
    }

    @Test
    void a_warning_is_no_reason() {
        Readiness readiness =
                new Readiness(List.of(List::of), List.of(() -> List.of("late"), List::of));
        assertThat(readiness.get()).isEmpty();
        assertThat(readiness.warnings()).containsExactly("late");
    }
}
