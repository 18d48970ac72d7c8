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
 * Tests whether the server answers and accepts writes. At most one probe runs at a time, on a
 * thread of its own, so that concurrent callers and a silent server occupy one connection only.
 */
final class DatabaseProbe {
    private static final Logger log = LoggerFactory.getLogger(DatabaseProbe.class);
    private static final int QUERY_TIMEOUT_SECONDS = 5;

    private final DataSource pool;
    private final OutageDetector outages;
    private final AtomicReference<@Nullable FutureTask<Optional<Outage>>> current =
            new AtomicReference<>();

    DatabaseProbe(DataSource pool, OutageDetector outages) {
        this.pool = pool;
        this.outages = outages;
    }

    /** The current outage, as far as is known within {@code patience}. */
    Optional<Outage> outage(Duration patience) {
        Optional<Outage> known = outages.current();
        return known.isPresent() ? known : probe(patience);
    }

    private Optional<Outage> probe(Duration patience) {
        FutureTask<Optional<Outage>> task = runningOrNew();
        try {
            return task.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return Optional.of(Outage.AWAY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of(Outage.AWAY);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the probe of the database failed", e.getCause());
        }
    }

    private FutureTask<Optional<Outage>> runningOrNew() {
        @Nullable FutureTask<Optional<Outage>> running = current.get();
        if (running != null && !running.isDone()) {
            return running;
        }
        FutureTask<Optional<Outage>> task = new FutureTask<>(this::probe);
        if (current.compareAndSet(running, task)) {
            Thread.ofVirtual().name("database-probe").start(task);
            return task;
        }
        return runningOrNew();
    }

    private Optional<Outage> probe() {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(QUERY_TIMEOUT_SECONDS);
            try (ResultSet row =
                    statement.executeQuery(
                            "select current_setting('transaction_read_only') = 'on'")) {
                row.next();
                if (!row.getBoolean(1)) {
                    return Optional.empty();
                }
                outages.report(Outage.READ_ONLY);
                return Optional.of(Outage.READ_ONLY);
            }
        } catch (SQLException e) {
            log.debug("the database does not answer: {}", e.getMessage());
            // One that another thread has reported meanwhile is more exact.
            return outages.current().or(() -> Outage.of(e)).or(() -> Optional.of(Outage.AWAY));
        }
    }
}
