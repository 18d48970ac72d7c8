package dev.mailbell.database;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.mailbell.config.DatabaseConfig;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;

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
    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final Probe probe;
    private final Runnable afterClose;

    private Database(DatabaseAddress address, HikariDataSource pool, Runnable afterClose) {
        this.address = address;
        this.pool = pool;
        this.afterClose = afterClose;
        this.jdbi = Jdbi.create(pool).installPlugin(new PostgresPlugin());
        this.probe = new Probe(pool);
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

    /**
     * Opens the database as configured: connects to the server that is named, or starts the
     * embedded one under the data directory, which then stops after the pool is closed.
     *
     * @throws DatabaseException when the server cannot be used or made to run; the message says
     *     what to do
     */
    public static Database open(DatabaseConfig config, Path dataDir) {
        return config.embedded()
                ? openEmbedded(dataDir, config.pool())
                : open(
                        new DatabaseAddress(config.url(), config.username(), config.password()),
                        config.pool());
    }

    private static Database openEmbedded(Path dataDir, int connections) {
        EmbeddedPostgres server = EmbeddedPostgres.start(dataDir, connections);
        boolean opened = false;
        try {
            Database database = open(server.address(), connections, server::close);
            opened = true;
            return database;
        } finally {
            if (!opened) {
                server.close();
            }
        }
    }

    /** With something to be done after the pool is closed. */
    static Database open(DatabaseAddress address, int connections, Runnable afterClose) {
        if (connections < 1 || connections > 1000) {
            throw new DatabaseException(
                    "database.pool is "
                            + connections
                            + ": give a number of connections from 1 to 1000");
        }
        FirstContact.check(address);
        return new Database(address, Pools.open(address, connections), afterClose);
    }

    /** Has the pool counted, from now on; once. */
    public void measure(MeterRegistry meters) {
        pool.setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(meters));
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

    /**
     * Whether the server answers right now; never takes longer than {@code patience}. Calls that
     * come while an earlier one still waits share its answer.
     */
    public boolean isReachable(Duration patience) {
        return probe.answers(patience);
    }

    /**
     * Whether a failure means that the server is away, so that trying again later makes sense:
     * connection lost or refused, server shutting down or starting, no connection free in time.
     */
    public static boolean isAway(Throwable failure) {
        return Failures.isAway(failure);
    }

    /** Closes the pool; statements under way are broken off. */
    @Override
    public void close() {
        pool.close();
        afterClose.run();
    }
}
