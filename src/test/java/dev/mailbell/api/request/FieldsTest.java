package dev.mailbell.api.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.ProblemException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FieldsTest {
    private final FieldErrors errors = new FieldErrors();

    private Fields fields(String json) {
        return Fields.of(Json.object(json.getBytes(StandardCharsets.UTF_8)), errors);
    }

    /** The details of the problem; with one error its field and message. */
    private String error() {
        ProblemException refused = catchThrowableOfType(ProblemException.class, errors::throwIfAny);
        assertThat(refused).isNotNull();
        return refused.problem().detail();
    }

    @Test
    void values_are_read_by_name_and_type() {
        Fields fields =
                fields(
                        """
                        {"name": "a", "port": 993, "push": true, "every": "PT90S", "kind": "b",
                         "names": ["x", "y"], "labels": {"plan": "pro", "empty": ""}, "gone": null}\
                        """);
        assertThat(fields.line("name", 1)).contains("a");
        assertThat(fields.integer("port", 1, 65_535)).contains(993L);
        assertThat(fields.bool("push")).contains(true);
        assertThat(fields.duration("every")).contains(Duration.ofSeconds(90));
        assertThat(fields.oneOf("kind", Map.of("a", 1, "b", 2))).contains(2);
        assertThat(fields.lines("names", 1, 2, 1)).contains(List.of("x", "y"));
        assertThat(fields.labels("labels")).isEqualTo(Map.of("plan", "pro", "empty", ""));
        assertThat(fields.text("gone", 1)).isEmpty();
        fields.rejectUnknown();
        assertThat(errors.isEmpty()).isTrue();
    }

    @Test
    void a_wrong_type_is_named() {
        assertThat(fields("{\"port\": \"993\"}").integer("port", 1, 9)).isEmpty();
        assertThat(error()).isEqualTo("port: must be a whole number from 1 to 9, not a string");
    }

    @Test
    void the_path_of_an_inner_field_is_named() {
        Optional<Fields> mail = fields("{\"mail\": {\"port\": 0}}").object("mail");
        mail.orElseThrow().integer("port", 1, 9);
        assertThat(error()).isEqualTo("mail.port: must be a whole number from 1 to 9");
    }

    @Test
    void an_item_that_comes_twice_is_an_error() {
        fields("{\"names\": [\"x\", \"x\"]}").lines("names", 1, 9, 9);
        assertThat(error()).isEqualTo("names[1]: is there twice");
    }

    @Test
    void a_field_that_was_not_read_is_an_error_with_the_nearest_known_name() {
        Fields fields = fields("{\"adress\": \"a\"}");
        fields.line("address", 9);
        fields.rejectUnknown();
        assertThat(error()).isEqualTo("adress: is not a known field; did you mean \"address\"?");
    }

    @Test
    void reading_goes_on_after_an_error() {
        Fields fields = fields("{\"a\": 1, \"b\": \"\"}");
        fields.line("a", 9);
        fields.line("b", 9);
        fields.require("c");
        assertThat(error()).isEqualTo("3 faults, see errors");
    }
}
