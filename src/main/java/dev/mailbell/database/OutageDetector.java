package dev.mailbell.database;

import com.zaxxer.hikari.SQLExceptionOverride;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Detects outages from the failures of the pool's connections. During an outage a thread tries a
 * write every second, so that its end is detected without a request.
 */
final class OutageDetector implements SQLExceptionOverride {
    private static final Logger log = LoggerFactory.getLogger(OutageDetector.class);
    private static final Duration PROBE_INTERVAL = Duration.ofSeconds(1);
    private static final int TRIES_BETWEEN_LOG_LINES = 60;

    /**
     * SQLSTATEs after which a session must not be used again: its server is no longer the primary,
     * or has ended it.
     */
    private static final Set<String> SESSION_ENDED =
            Set.of("25006", "25P03", "57P01", "57P02", "57P03", "57P05");

    /** Truncates, so that each try starts with an empty new file and the rollback removes it. */
    private static final String TRUNCATE = "set local lock_timeout = '1s'; truncate write_probe";

    /** Extends a file, which needs disk space. */
    private static final String WRITE =
            "insert into write_probe select repeat('x', 1900) from generate_series(1, 32)";

    private static final String LOCK_TIMEOUT = "55P03";

    private final AtomicReference<@Nullable Report> current = new AtomicReference<>();
    private volatile @Nullable PrimaryPool attached;
    private volatile boolean closed;

    /** An outage as it was reported; compared by identity, so that a later one is another. */
    private static final class Report {
        private final Outage outage;

        Report(Outage outage) {
            this.outage = outage;
        }
    }

    /** Called once, before the pool is used. */
    void attach(PrimaryPool pool) {
        attached = pool;
    }

    /** The outage under way; empty while writes succeed. */
    Optional<Outage> current() {
        return Optional.ofNullable(current.get()).map(report -> report.outage);
    }

    void measure(MeterRegistry meters) {
        for (Outage kind : Outage.values()) {
            if (kind.isRefusal()) {
                Gauge.builder("database.refusing", () -> current().orElse(null) == kind ? 1 : 0)
                        .description("1 while the database refuses writes for this reason")
                        .tag("reason", kind.label())
                        .register(meters);
            }
        }
    }

    /** Called by the pool for every failure of one of its connections. */
    @java.lang.Override
    public Override adjudicate(SQLException failure) {
        Outage.of(failure).filter(Outage::isRefusal).ifPresent(this::report);
        String state = failure.getSQLState();
        return state != null && SESSION_ENDED.contains(state)
                ? Override.MUST_EVICT
                : Override.CONTINUE_EVICT;
    }

    /** Reports that a new session was refused or the server was unreachable. */
    void sessionRefused(SQLException failure) {
        PrimaryPool pool = attached;
        Outage.of(failure)
                .filter(Outage::isWithoutSessions)
                // Existing sessions may work while the server has no connection left for another.
                .filter(outage -> outage == Outage.READ_ONLY || (pool != null && pool.isEmpty()))
                .ifPresent(this::report);
    }

    /** Reports an outage; starts the write probe when it is a new one. */
    void report(Outage outage) {
        PrimaryPool pool = attached;
        if (pool == null || closed) {
            return;
        }
        if (outage == Outage.READ_ONLY) {
            // The other sessions are connected to the same server.
            pool.getHikariPoolMXBean().softEvictConnections();
        }
        if (current.getAndSet(new Report(outage)) == null) {
            log.warn("The database cannot be written to: {}", outage.message());
            Thread.ofVirtual().name("database-write-probe").start(() -> probeUntilWritable(pool));
        }
    }

    private void probeUntilWritable(PrimaryPool pool) {
        try {
            for (int attempt = 1; !closed; attempt++) {
                Thread.sleep(PROBE_INTERVAL);
                if (hasEnded(pool)) {
                    log.info("The database can be written to again");
                    return;
                }
                if (attempt % TRIES_BETWEEN_LOG_LINES == 0) {
                    current()
                            .ifPresent(outage ->
                                    log.warn(
                                            "The database still cannot be written to: {}",
                                            outage.message()));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Answers whether a write succeeded, and no outage was reported while it was made. */
    private boolean hasEnded(PrimaryPool pool) {
        Report known;
        try (Connection connection = pool.awaitConnection()) {
            known = current.get();
            testWrite(connection);
        } catch (SQLException | RuntimeException e) {
            // The thread continues after any failure, because only it detects the end of the
            // outage.
            if (!PrimaryPool.isWithoutReason(e)) {
                Outage.of(e).ifPresent(outage -> current.set(new Report(outage)));
            }
            log.debug("a write is still refused: {}", e.getMessage());
            return false;
        }
        return current.compareAndSet(known, null);
    }

    /**
     * Writes and rolls back.
     *
     * @throws SQLException when the server refuses to write
     */
    static void testWrite(Connection connection) throws SQLException {
        boolean before = connection.getAutoCommit();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            truncate(connection, statement);
            statement.execute(WRITE);
        } finally {
            connection.rollback();
            connection.setAutoCommit(before);
        }
    }

    /**
     * Truncates the table. A backup under way holds a lock on it; then the file is extended without
     * it.
     */
    private static void truncate(Connection connection, Statement statement) throws SQLException {
        try {
            statement.execute(TRUNCATE);
        } catch (SQLException e) {
            if (!LOCK_TIMEOUT.equals(e.getSQLState())) {
                throw e;
            }
            connection.rollback();
        }
    }

    void close() {
        closed = true;
    }
}
