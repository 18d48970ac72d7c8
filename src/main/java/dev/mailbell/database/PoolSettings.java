package dev.mailbell.database;

import com.zaxxer.hikari.HikariConfig;
import java.util.Properties;
import org.postgresql.PGProperty;

/** The settings of the pool and its connections; every wait has a limit. */
public final class PoolSettings {
    private static final int CONNECT_SECONDS = 5;
    private static final int MIN_IDLE = 2;

    /** Above every limit of the server, so that it ends only waits on a dead network. */
    private static final int SOCKET_SECONDS = 45;

    /**
     * Sent as statements, because PgBouncer refuses start-up options. Statements are planned once,
     * often while a day's partition is empty; with enable_seqscan off the plans stay good while it
     * fills. That setting raises the estimated cost of plans, so JIT compilation is off as well.
     */
    private static final String SESSION_SETTINGS =
            """
            set statement_timeout = '30s'; set lock_timeout = '10s';\
             set idle_in_transaction_session_timeout = '60s'; set enable_seqscan = off;\
             set jit = off\
            """;

    private PoolSettings() {}

    static PrimaryPool open(DatabaseAddress address, int connections, OutageDetector outages) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("database");
        config.setJdbcUrl(address.url());
        config.setDataSourceProperties(ofPrimary(address, SOCKET_SECONDS));
        config.setExceptionOverride(outages);
        config.setConnectionInitSql(SESSION_SETTINGS);
        config.setMaximumPoolSize(connections);
        // Each connection is a server process of some MB; idle daemons keep few.
        if (connections > MIN_IDLE) {
            config.setMinimumIdle(MIN_IDLE);
            config.setIdleTimeout(300_000);
        }
        config.setKeepaliveTime(120_000);
        config.setConnectionTimeout(5_000);
        config.setValidationTimeout(3_000);
        // The preflight has connected already; from now on the pool copes with outages.
        config.setInitializationFailTimeout(-1);
        PrimaryPool pool = new PrimaryPool(config, outages);
        outages.attach(pool);
        return pool;
    }

    /**
     * As {@link #properties}, for connections only to a server that accepts writes: after a
     * failover the old address may lead to a standby, which refuses every write.
     */
    static Properties ofPrimary(DatabaseAddress address, int socketSeconds) {
        Properties properties = properties(address, socketSeconds);
        PGProperty.TARGET_SERVER_TYPE.set(properties, "primary");
        // Of several hosts, one that was promoted a moment ago is tried again.
        PGProperty.HOST_RECHECK_SECONDS.set(properties, 1);
        return properties;
    }

    /** Properties for the driver; parameters of the URL override them. */
    public static Properties properties(DatabaseAddress address, int socketSeconds) {
        Properties properties = new Properties();
        if (!address.username().isEmpty()) {
            PGProperty.USER.set(properties, address.username());
        }
        if (!address.password().isEmpty()) {
            PGProperty.PASSWORD.set(properties, address.password());
        }
        PGProperty.APPLICATION_NAME.set(properties, "mailbell");
        PGProperty.CONNECT_TIMEOUT.set(properties, CONNECT_SECONDS);
        PGProperty.LOGIN_TIMEOUT.set(properties, 2 * CONNECT_SECONDS);
        PGProperty.SOCKET_TIMEOUT.set(properties, socketSeconds);
        PGProperty.CANCEL_SIGNAL_TIMEOUT.set(properties, CONNECT_SECONDS);
        PGProperty.TCP_KEEP_ALIVE.set(properties, true);
        // Messages of the server may quote values of a row, which may be secrets, and are logged.
        PGProperty.LOG_SERVER_ERROR_DETAIL.set(properties, false);
        return properties;
    }
}
