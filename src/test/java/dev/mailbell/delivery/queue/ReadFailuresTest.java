package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;

class ReadFailuresTest {
    private final Logger log = new LoggerContext().getLogger("failures");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final ReadFailures failures = new ReadFailures(log, "Nothing is read");

    ReadFailuresTest() {
        log.setLevel(Level.INFO);
        log.addAppender(lines);
        lines.start();
    }

    private static RuntimeException outage() {
        SQLException refused =
                new SQLException("Connection to db:5432 refused.\nIs it up?", "08001");
        SQLTransientConnectionException pool =
                new SQLTransientConnectionException("Connection is not available (total=0)");
        pool.initCause(refused);
        return new IllegalStateException(pool);
    }

    @Test
    void an_outage_is_one_line_with_the_message_of_the_server_until_a_read_succeeds() {
        failures.failed(outage());
        failures.failed(outage());
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("Nothing is read: Connection to db:5432 refused.");
        failures.succeeded();
        failures.failed(outage());
        assertThat(lines.list).hasSize(2);
    }

    @Test
    void any_other_failure_is_logged_each_time() {
        failures.failed(new IllegalStateException("a fault of ours"));
        failures.failed(new IllegalStateException("a fault of ours"));
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "Nothing is read: a fault of ours", "Nothing is read: a fault of ours");
    }
}
