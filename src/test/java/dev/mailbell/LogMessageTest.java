package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.joran.spi.JoranException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The shipped configuration of the log against texts that come from outside. */
class LogMessageTest {
    private static final String FORGED =
            "x\r\n2026-11-20T00:00:00.000Z ERROR Forged - y\u001b[31m\u202e\u2028z";

    private LoggerContext context;

    @BeforeEach
    void open() throws JoranException {
        context = ShippedLog.open();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    private String written(String format, @Nullable Throwable failure, Object... values) {
        Logger logger = context.getLogger(LogMessageTest.class);
        ConsoleAppender<ILoggingEvent> appender =
                (ConsoleAppender<ILoggingEvent>)
                        context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("STDERR");
        LoggingEvent event = new LoggingEvent("", logger, Level.WARN, format, failure, values);
        return new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void no_text_in_a_message_begins_a_line_or_acts_on_a_terminal() {
        requireSafe(written("{} was refused", null, FORGED));
    }

    @Test
    void nor_does_one_in_the_message_of_an_exception() {
        requireSafe(
                written(
                        "It failed",
                        new IllegalStateException(FORGED, new IllegalArgumentException(FORGED))));
    }

    private static void requireSafe(String written) {
        assertThat(written)
                .contains("Forged")
                .contains("\\u001b[31m\\u202e\\u2028z")
                .endsWith("\n");
        assertThat(written.lines().skip(1)).isNotEmpty().noneMatch(line -> line.startsWith("2026"));
        assertThat(written.chars().filter(c -> c != '\n' && c != '\t' && Character.isISOControl(c)))
                .isEmpty();
    }

    @Test
    void a_trace_looks_as_ever() {
        assertThat(written("It failed", new IllegalStateException("a", new RuntimeException("b"))))
                .contains(
                        "WARN  LogMessageTest - It failed\njava.lang.IllegalStateException: a\n\tat ")
                .contains("\nCaused by: java.lang.RuntimeException: b\n\t");
    }
}
