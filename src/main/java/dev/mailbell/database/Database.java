package dev.mailbell.database;

import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.postgresql.PGProperty;

/**
 * The daemon's database: a pool of connections that fails within seconds and recovers by itself,
 * and JDBI on it.
 *
 * <p>Every wait has a limit: 5 s for a connection from the pool, 30 s for a statement, 10 s for a
 * lock, 60 s for an idle transaction. {@link #isAway} says whether a failure is an outage.
 */
public final class Database implements AutoCloseable {
    private final DatabaseAddress address;
    private final PrimaryPool pool;
    private final Jdbi jdbi;
    private final DatabaseProbe probe;
    private final OutageDetector outages;
    private final Runnable afterClose;

    private Database(
            DatabaseAddress address,
            PrimaryPool pool,
            OutageDetector outages,
            Runnable afterClose) {
        this.address = address;
        this.pool = pool;
        this.outages = outages;
        this.afterClose = afterClose;
        this.jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
        this.probe = new DatabaseProbe(pool, outages);
    }

    /**
     * Connects to an external server, or to an embedded one that outlives this pool.
     *
     * @param connections the most that are open at once, 1 to 1000
     * @throws DatabaseException when the server cannot be reached, refuses the login, or is not
     *     supported; the message says what to do
     */
    public static Database open(DatabaseAddress address, int connections) {
        return open(address, connections, () -> {});
    }

    /** The same with an action that runs after the pool is closed. */
    public static Database open(DatabaseAddress address, int connections, Runnable afterClose) {
        if (connections < 1 || connections > 1000) {
            throw new DatabaseException(
                    "database.pool is "
                            + connections
                            + ": give a number of connections from 1 to 1000");
        }
        ConnectionPreflight.check(address);
        OutageDetector outages = new OutageDetector();
        PrimaryPool pool = PoolSettings.open(address, connections, outages);
        return new Database(address, pool, outages, afterClose);
    }

    /** Registers the metrics of the pool. Called once. */
    public void measure(MeterRegistry meters) {
        pool.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(meters));
        outages.measure(meters);
    }

    /** JDBI over the pool, with PostgreSQL's types. */
    public Jdbi jdbi() {
        return jdbi;
    }

    /** The pool itself, for code that does not use JDBI. */
    public DataSource dataSource() {
        return pool;
    }

    /**
     * Brings the tables up to this program's version; several nodes may do so at once.
     *
     * @return how many migrations were applied
     * @throws DatabaseException when the database is newer than this program, was not made by its
     *     migrations, or a migration fails
     */
    public int migrate() {
        return new Migrations(address).migrate();
    }

    /** Whether the table exists; false before the migration that creates it. */
    public boolean hasTable(String name) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select to_regclass(:name) is not null")
                        .bind("name", name)
                        .mapTo(Boolean.class)
                        .one());
    }

    /**
     * Why statements cannot succeed now; empty when they can. Takes {@code patience} at most.
     * Concurrent calls share one probe.
     */
    public Optional<Outage> outage(Duration patience) {
        return probe.outage(patience);
    }

    /**
     * A connection outside the pool, to a server that accepts writes, for work that must not wait
     * for the pool. Every wait on it ends after {@code patience}.
     *
     * @throws SQLException when no such server is found within about that time
     */
    public Connection ownConnection(Duration patience) throws SQLException {
        int seconds = Math.max(1, (int) patience.toSeconds());
        Properties properties = PoolSettings.ofPrimary(address, seconds);
        PGProperty.CONNECT_TIMEOUT.set(properties, seconds);
        PGProperty.LOGIN_TIMEOUT.set(properties, seconds);
        PGProperty.CANCEL_SIGNAL_TIMEOUT.set(properties, seconds);
        Connection connection;
        try {
            connection = DriverManager.getConnection(address.url(), properties);
        } catch (SQLException e) {
            outages.sessionRefused(e);
            throw e;
        }
        limit(connection, seconds);
        return connection;
    }

    /**
     * Ends the statements on the server too: a session whose client has gone would wait for a lock
     * for as long as that is held. By a statement, because proxies refuse such options at the start
     * of a session.
     */
    private static void limit(Connection connection, int seconds) throws SQLException {
        boolean done = false;
        try (Statement statement = connection.createStatement()) {
            // As in the pool: see PoolSettings.
            statement.execute(
                    "set statement_timeout = '%ds'; set enable_seqscan = off".formatted(seconds));
            done = true;
        } finally {
            if (!done) {
                connection.close();
            }
        }
    }

    /**
     * Whether a failure is an outage, so that the same statement may succeed later: connection lost
     * or refused, server stopping or starting, read-only or out of disk space, no pool connection
     * free in time.
     */
    public static boolean isAway(Throwable failure) {
        return outageOf(failure).isPresent();
    }

    /**
     * Whether the server answers and was too busy: a statement waited too long for a lock, which
     * maintenance such as {@code VACUUM FULL} may hold, or took too long.
     */
    public static boolean isBusy(Throwable failure) {
        return Outage.isBusy(failure);
    }

    /** The outage that caused a failure; empty when none did. */
    public static Optional<Outage> outageOf(Throwable failure) {
        return Outage.of(failure);
    }

    /**
     * Whether a value was refused because text in the database cannot hold one of its characters.
     */
    public static boolean isUnstorable(Throwable failure) {
        return Outage.isUnstorable(failure);
    }

    /** Whether a statement failed because a row that it refers to was removed meanwhile. */
    public static boolean isReferenceGone(Throwable failure) {
        return Outage.isReferenceGone(failure);
    }

    /** The message of the server or the driver, without the statement and its values. */
    public static String reason(Throwable failure) {
        return Outage.reason(failure);
    }

    /**
     * Tests that the server accepts writes over this connection, by a write that is rolled back.
     *
     * @throws SQLException when it does not
     */
    public static void requireWritable(Connection connection) throws SQLException {
        OutageDetector.testWrite(connection);
    }

    /**
     * Whether a failure may concern a single row: a value, a constraint, a trigger, a row that
     * takes too long. Other rows of the same batch may still be written then.
     */
    public static boolean isRefused(Throwable failure) {
        return Outage.isRowFailure(failure);
    }

    /** Closes the pool; running statements are aborted. */
    @Override
    public void close() {
        outages.close();
        pool.close();
        afterClose.run();
    }
}
