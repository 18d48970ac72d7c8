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
    private final Logger ours = context.getLogger("dev.mailbell.watch.Scheduler");

    @BeforeEach
    void install() {
        context.addTurboFilter(new LogLimit(nanos::get));
        context.getLogger("ROOT").setLevel(Level.WARN);
        context.getLogger("dev.mailbell").setLevel(Level.INFO);
        lines.start();
        context.getLogger("ROOT").addAppender(lines);
    }

    private List<String> told() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void a_library_that_warns_of_each_request_gets_a_line_a_minute_and_the_rest_is_counted() {
        for (int i = 0; i < 4_000; i++) {
            library.warn("Bad Authority: [" + i + "]");
        }
        assertThat(told()).containsExactly("Bad Authority: [0]");
        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        library.warn("Bad Authority: [again]");
        assertThat(told())
                .containsExactly(
                        "Bad Authority: [0]",
                        "3999 more lines like the next one were left out",
                        "Bad Authority: [again]");
    }

    @Test
    void our_own_lines_are_bounded_by_kind_and_different_ones_do_not_hide_each_other() {
        for (int i = 0; i < 500; i++) {
            ours.warn("Account {}: a look was not recorded and is made again", i);
        }
        ours.warn("another kind");
        assertThat(told()).hasSize(101).endsWith("another kind");
    }

    @Test
    void what_an_operator_turned_on_to_look_closely_is_left_whole() {
        library.setLevel(Level.DEBUG);
        ours.setLevel(Level.DEBUG);
        for (int i = 0; i < 200; i++) {
            library.debug("request {}", i);
            ours.debug("look {}", i);
        }
        assertThat(told()).hasSize(400);
    }
}
