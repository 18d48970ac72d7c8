package dev.mailbell.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
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
final class Probe {
    private static final Logger log = LoggerFactory.getLogger(Probe.class);
    private static final int VALID_WITHIN_SECONDS = 5;

    private final DataSource pool;
    private final AtomicReference<@Nullable FutureTask<Boolean>> underWay = new AtomicReference<>();

    Probe(DataSource pool) {
        this.pool = pool;
    }

    boolean answers(Duration patience) {
        FutureTask<Boolean> question = join();
        try {
            return question.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("the probe of the database failed", e.getCause());
        }
    }

    private FutureTask<Boolean> join() {
        @Nullable FutureTask<Boolean> earlier = underWay.get();
        if (earlier != null && !earlier.isDone()) {
            return earlier;
        }
        FutureTask<Boolean> question = new FutureTask<>(this::ask);
        if (underWay.compareAndSet(earlier, question)) {
            Thread.ofVirtual().name("database-probe").start(question);
            return question;
        }
        return join();
    }

    private boolean ask() {
        try (Connection connection = pool.getConnection()) {
            return connection.isValid(VALID_WITHIN_SECONDS);
        } catch (SQLException e) {
            log.debug("the database does not answer: {}", e.getMessage());
            return false;
        }
    }
}
