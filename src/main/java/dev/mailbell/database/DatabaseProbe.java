package dev.mailbell.database;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the server whether it is there. The question runs aside, at most one at a time: however many
 * ask, and however long the server is silent, one connection waits.
 */
final class DatabaseProbe {
    private static final Logger log = LoggerFactory.getLogger(DatabaseProbe.class);
    private static final int VALID_WITHIN_SECONDS = 5;

    private final DataSource pool;
    private final OutageDetector outages;
    private final AtomicReference<@Nullable FutureTask<Optional<Outage>>> underWay =
            new AtomicReference<>();

    DatabaseProbe(DataSource pool, OutageDetector outages) {
        this.pool = pool;
        this.outages = outages;
    }

    /** What keeps the server from its work, as far as can be told within the time. */
    Optional<Outage> outage(Duration patience) {
        Optional<Outage> known = outages.current();
        return known.isPresent() ? known : ask(patience);
    }

    private Optional<Outage> ask(Duration patience) {
        FutureTask<Optional<Outage>> question = join();
        try {
            return question.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return Optional.of(Outage.AWAY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of(Outage.AWAY);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the probe of the database failed", e.getCause());
        }
    }

    private FutureTask<Optional<Outage>> join() {
        @Nullable FutureTask<Optional<Outage>> earlier = underWay.get();
        if (earlier != null && !earlier.isDone()) {
            return earlier;
        }
        FutureTask<Optional<Outage>> question = new FutureTask<>(this::ask);
        if (underWay.compareAndSet(earlier, question)) {
            Thread.ofVirtual().name("database-probe").start(question);
            return question;
        }
        return join();
    }

    private Optional<Outage> ask() {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(VALID_WITHIN_SECONDS);
            try (ResultSet row =
                    statement.executeQuery(
                            "select current_setting('transaction_read_only') = 'on'")) {
                row.next();
                if (!row.getBoolean(1)) {
                    return Optional.empty();
                }
                outages.noticed(Outage.READ_ONLY);
                return Optional.of(Outage.READ_ONLY);
            }
        } catch (SQLException e) {
            log.debug("the database does not answer: {}", e.getMessage());
            return Optional.of(Outage.of(e).orElse(Outage.AWAY));
        }
    }
}
