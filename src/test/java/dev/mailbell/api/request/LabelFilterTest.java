package dev.mailbell.api.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.mailbell.api.problem.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LabelFilterTest {
    private static Map<String, String> read(Map<String, List<String>> parameters) {
        Query query = new Query(parameters);
        Map<String, String> labels = LabelFilter.read(query);
        query.validate();
        return labels;
    }

    private static void assertRefused(Map<String, List<String>> parameters) {
        assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> read(parameters));
    }

    @Test
    void both_forms_name_a_label() {
        assertThat(read(Map.of("label.plan", List.of("pro")))).containsEntry("plan", "pro");
        assertThat(read(Map.of("label", List.of("plan:pro", "team:a:b"))))
                .containsExactly(Map.entry("plan", "pro"), Map.entry("team", "a:b"));
    }

    @Test
    void the_forms_may_be_mixed_when_they_agree() {
        assertThat(read(Map.of("label.plan", List.of("pro"), "label", List.of("plan:pro"))))
                .containsOnlyKeys("plan");
        assertRefused(Map.of("label.plan", List.of("pro"), "label", List.of("plan:free")));
    }

    @Test
    void a_pair_needs_a_colon_and_a_valid_name() {
        assertRefused(Map.of("label", List.of("plan")));
        assertRefused(Map.of("label", List.of(":pro")));
        assertRefused(Map.of("label", List.of("my plan:pro")));
    }

    @Test
    void a_query_has_at_most_32_labels() {
        assertThatNoException().isThrownBy(() -> read(Map.of("label", labels(Labels.MAX_COUNT))));
        assertRefused(Map.of("label", labels(Labels.MAX_COUNT + 1)));
    }

    private static List<String> labels(int count) {
        return IntStream.range(0, count).mapToObj(i -> "name" + i + ":x").toList();
    }
}
