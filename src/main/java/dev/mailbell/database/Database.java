package dev.mailbell.database;

import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Properties;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.postgresql.PGProperty;

/**
 * The daemon's database: a pool of connections that gives up after seconds and recovers by itself,
 * and JDBI on it.
 *
 * <p>Nothing here waits without bound: 5 s for a connection from the pool, 30 s for a statement, 10
 * s for a lock, 60 s for a transaction that idles. What fails because the server is away is told
 * apart by {@link #isAway}.
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
     * Connects to a server that somebody else runs, or to an embedded one that outlives this pool.
     *
     * @param connections the most that are open at once, 1 to 1000
     * @throws DatabaseException when the server cannot be reached, refuses us, or is not fit for
     *     use; the message says what to do
     */
    public static Database open(DatabaseAddress address, int connections) {
        return open(address, connections, () -> {});
    }

    /** With something to be done after the pool is closed. */
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

    /** Has the pool counted, from now on; once. */
    public void measure(MeterRegistry meters) {
        pool.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(meters));
        outages.measure(meters);
    }

    /** JDBI over the pool, with PostgreSQL's types. */
    public Jdbi jdbi() {
        return jdbi;
    }

    /** The pool itself, for libraries that want no JDBI. */
    public DataSource dataSource() {
        return pool;
    }

    /**
     * Brings the tables up to this program's version; several nodes may do so at once.
     *
     * @return how many migrations were applied
     * @throws DatabaseException when the database is newer than this program, was changed by other
     *     hands, or a migration fails
     */
    public int migrate() {
        return new Migrations(address).migrate();
    }

    /** Whether there is such a table; false in a database that was never migrated to it. */
    public boolean hasTable(String name) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select to_regclass(:name) is not null")
                        .bind("name", name)
                        .mapTo(Boolean.class)
                        .one());
    }

    /**
     * Why statements cannot succeed right now; empty when they can. Never takes longer than {@code
     * patience}. Calls that come while an earlier one still waits share its answer.
     */
    public Optional<Outage> outage(Duration patience) {
        return probe.outage(patience);
    }

    /**
     * A connection beside the pool, to a server that takes writes, for what must not wait for the
     * pool. Every wait on it ends after {@code patience}.
     *
     * @throws SQLException when there is no such server within about that time
     */
    public Connection ownConnection(Duration patience) throws SQLException {
        int seconds = Math.max(1, (int) patience.toSeconds());
        Properties properties = PoolSettings.ofPrimary(address, seconds);
        PGProperty.CONNECT_TIMEOUT.set(properties, seconds);
        PGProperty.LOGIN_TIMEOUT.set(properties, seconds);
        PGProperty.CANCEL_SIGNAL_TIMEOUT.set(properties, seconds);
        try {
            return DriverManager.getConnection(address.url(), properties);
        } catch (SQLException e) {
            outages.noSession(e);
            throw e;
        }
    }

    /**
     * Whether a failure is an outage, so that trying again later makes sense: connection lost or
     * refused, server shutting down or starting, read-only or out of space, no connection free in
     * time.
     */
    public static boolean isAway(Throwable failure) {
        return outageOf(failure).isPresent();
    }

    /** Which outage a failure means; empty when it means none. */
    public static Optional<Outage> outageOf(Throwable failure) {
        return Outage.of(failure);
    }

    /**
     * Whether a value was refused because text in the database cannot hold one of its characters.
     */
    public static boolean isUnstorable(Throwable failure) {
        return Outage.isUnstorable(failure);
    }

    /** What the server or the driver said, without the statement and its values. */
    public static String reason(Throwable failure) {
        return Outage.reason(failure);
    }

    /**
     * Whether the server takes writes over this connection. Writes, takes it back.
     *
     * @throws SQLException when it does not
     */
    public static void requireWritable(Connection connection) throws SQLException {
        OutageDetector.tryToWrite(connection);
    }

    /**
     * Whether a failure may be that of a single row: a value or a constraint, a trigger, a row that
     * takes too long. Another row of the same batch may well be written then.
     */
    public static boolean isRefused(Throwable failure) {
        return Outage.isOfRows(failure);
    }

    /** Closes the pool; statements under way are broken off. */
    @Override
    public void close() {
        outages.close();
        pool.close();
        afterClose.run();
    }
}
