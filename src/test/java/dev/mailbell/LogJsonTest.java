package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LogJsonTest {
    private final Logger logger = new LoggerContext().getLogger("dev.mailbell.watch.Watch");

    private String line(String message, @Nullable Throwable failure) {
        LoggingEvent event =
                new LoggingEvent("test", logger, Level.WARN, message, failure, new Object[0]);
        return new String(new LogJson().encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void a_line_is_one_object_whatever_a_text_from_outside_holds() {
        String line = line("the server said \"a\nb\u001b[2J\u202e\"", null);
        assertThat(line).endsWith("}\n");
        assertThat(line.strip()).doesNotContain("\n", "\u001b", "\u202e");
        JsonNode json = new JsonMapper().readTree(line);
        assertThat(json.required("message").stringValue())
                .isEqualTo("the server said \"a\nb\\u001b[2J\\u202e\"");
        assertThat(json.required("level").stringValue()).isEqualTo("WARN");
        assertThat(json.required("logger").stringValue()).isEqualTo("dev.mailbell.watch.Watch");
        assertThat(json.required("timestamp").stringValue())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
        assertThat(json.has("exception")).isFalse();
    }

    @Test
    void a_failure_is_a_member_with_its_stack_trace() {
        JsonNode json =
                new JsonMapper()
                        .readTree(line("it failed", new IllegalStateException("at\u0007 once")));
        assertThat(json.required("exception").stringValue())
                .startsWith("java.lang.IllegalStateException: at\\u0007 once")
                .contains("LogJsonTest");
    }
}
