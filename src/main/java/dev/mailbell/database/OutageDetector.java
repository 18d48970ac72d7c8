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
 * Notices what statements of the pool are refused with, and that no session can be had. From then
 * on a thread tries to write every second, so that the end of the outage is known without a
 * request.
 */
final class OutageDetector implements SQLExceptionOverride {
    private static final Logger log = LoggerFactory.getLogger(OutageDetector.class);
    private static final Duration TRIED_EVERY = Duration.ofSeconds(1);
    private static final int TRIES_BETWEEN_LINES = 60;

    /**
     * The session is bound to a server that is no primary any more, or was ended by the server: it
     * must not be used again.
     */
    private static final Set<String> SESSION_ENDED =
            Set.of("25006", "25P03", "57P01", "57P02", "57P03", "57P05");

    /** From the beginning of a new file, so that tries leave nothing. */
    private static final String BEGIN = "set local lock_timeout = '1s'; truncate write_probe";

    /** Extends a file, which needs space on the disk. */
    private static final String WRITE =
            "insert into write_probe select repeat('x', 1900) from generate_series(1, 32)";

    private static final String LOCKED = "55P03";

    private final AtomicReference<@Nullable Outage> current = new AtomicReference<>();
    private volatile @Nullable PrimaryPool pool;
    private volatile boolean closed;

    /** Called once, before the pool is used. */
    void attach(PrimaryPool attached) {
        pool = attached;
    }

    /** Why nothing can be written; empty while the last write that is known of succeeded. */
    Optional<Outage> current() {
        return Optional.ofNullable(current.get());
    }

    void measure(MeterRegistry meters) {
        for (Outage kind : Outage.values()) {
            if (kind.isRefusal()) {
                Gauge.builder("database.refusing", () -> current.get() == kind ? 1 : 0)
                        .description("1 while the database refuses writes for this reason")
                        .tag("reason", kind.label())
                        .register(meters);
            }
        }
    }

    /** The pool asks this of every failure of one of its connections. */
    @java.lang.Override
    public Override adjudicate(SQLException failure) {
        Outage.of(failure).filter(Outage::isRefusal).ifPresent(this::noticed);
        String state = failure.getSQLState();
        return state != null && SESSION_ENDED.contains(state)
                ? Override.MUST_EVICT
                : Override.CONTINUE_EVICT;
    }

    /** A new session was refused, or the server was out of reach. */
    void noSession(SQLException failure) {
        PrimaryPool of = pool;
        Outage.of(failure)
                .filter(Outage::isWithoutSessions)
                // The sessions that are there may serve well while there is room for no other.
                .filter(outage -> outage == Outage.READ_ONLY || (of != null && of.isEmpty()))
                .ifPresent(this::noticed);
    }

    /** Nothing can be written for this reason. */
    void noticed(Outage outage) {
        PrimaryPool of = pool;
        if (of == null || closed) {
            return;
        }
        if (outage == Outage.READ_ONLY) {
            // The other sessions are with the same server.
            of.getHikariPoolMXBean().softEvictConnections();
        }
        if (current.getAndSet(outage) == null) {
            log.warn("Nothing can be recorded: {}", outage.message());
            Thread.ofVirtual().name("database-write-probe").start(() -> untilWritten(of));
        }
    }

    private void untilWritten(PrimaryPool of) {
        try {
            for (int tries = 1; !closed; tries++) {
                Thread.sleep(TRIED_EVERY);
                if (writes(of)) {
                    current.set(null);
                    log.info("The database can be written to again");
                    return;
                }
                Outage outage = current.get();
                if (tries % TRIES_BETWEEN_LINES == 0 && outage != null) {
                    log.warn("Still nothing can be recorded: {}", outage.message());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean writes(PrimaryPool of) {
        try (Connection connection = of.awaitConnection()) {
            tryToWrite(connection);
            return true;
        } catch (SQLException | RuntimeException e) {
            // Whatever it is, the thread goes on: no other one sees the end of the outage.
            Outage.of(e).ifPresent(current::set);
            log.debug("a write is still refused: {}", e.getMessage());
            return false;
        }
    }

    /**
     * Writes and takes it back.
     *
     * @throws SQLException when the server refuses to write
     */
    static void tryToWrite(Connection connection) throws SQLException {
        boolean before = connection.getAutoCommit();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            begin(connection, statement);
            statement.execute(WRITE);
        } finally {
            connection.rollback();
            connection.setAutoCommit(before);
        }
    }

    /** A backup reads all tables for as long as it lasts: the file goes on then. */
    private static void begin(Connection connection, Statement statement) throws SQLException {
        try {
            statement.execute(BEGIN);
        } catch (SQLException e) {
            if (!LOCKED.equals(e.getSQLState())) {
                throw e;
            }
            connection.rollback();
        }
    }

    void close() {
        closed = true;
    }
}
