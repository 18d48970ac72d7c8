package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogLimitTest {
    private final AtomicLong nanos = new AtomicLong();
    private final LoggerContext context = new LoggerContext();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Logger library = context.getLogger("org.eclipse.jetty.util.HostPort");
    private final Logger own = context.getLogger("dev.mailbell.watch.check.Scheduler");

    @BeforeEach
    void install() {
        context.addTurboFilter(new LogLimit(nanos::get));
        context.getLogger("ROOT").setLevel(Level.WARN);
        context.getLogger("dev.mailbell").setLevel(Level.INFO);
        lines.start();
        context.getLogger("ROOT").addAppender(lines);
    }

    private List<String> messages() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void a_library_logger_gets_one_line_per_minute_and_the_others_are_counted() {
        for (int i = 0; i < 4_000; i++) {
            library.warn("Bad Authority: [" + i + "]");
        }
        assertThat(messages()).containsExactly("Bad Authority: [0]");
        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        library.warn("Bad Authority: [again]");
        assertThat(messages())
                .containsExactly(
                        "Bad Authority: [0]",
                        "3999 more lines like the next one were left out",
                        "Bad Authority: [again]");
    }

    @Test
    void libraries_log_nothing_below_info_whatever_the_level() {
        context.addTurboFilter(new LibraryDetail());
        context.getLogger("ROOT").setLevel(Level.TRACE);
        context.getLogger("dev.mailbell").setLevel(Level.TRACE);
        library.trace("Authorization: Bearer mbk_operator");
        library.debug("Authorization: {}", "Bearer mbk_operator");
        library.info("info");
        own.trace("own detail");
        assertThat(library.isDebugEnabled()).isFalse();
        assertThat(messages()).containsExactly("info", "own detail");
    }

    @Test
    void own_lines_are_limited_by_kind_and_kinds_are_independent() {
        for (int i = 0; i < 500; i++) {
            own.warn("Account {}: a check was not recorded and is repeated", i);
        }
        own.warn("another kind");
        assertThat(messages()).hasSize(101).endsWith("another kind");
    }

    @Test
    void debug_lines_that_an_operator_enabled_are_not_limited() {
        library.setLevel(Level.DEBUG);
        own.setLevel(Level.DEBUG);
        for (int i = 0; i < 200; i++) {
            library.debug("request {}", i);
            own.debug("check {}", i);
        }
        assertThat(messages()).hasSize(400);
    }
}
