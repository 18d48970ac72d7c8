package dev.mailbell.database;

import com.zaxxer.hikari.HikariConfig;
import java.util.Properties;
import org.postgresql.PGProperty;

/** The settings of connections: everything that waits has a bound. */
public final class PoolSettings {
    private static final int CONNECT_SECONDS = 5;
    private static final int KEPT = 2;

    /** Above every bound on the server's side, so that it only ends waits on a dead network. */
    private static final int SOCKET_SECONDS = 45;

    /**
     * Sent as statements, not as start-up options: a PgBouncer in between refuses the latter. Plans
     * are made once, often while a day's partition is still empty; without sequential scans they
     * stay good while it fills. What such a scan is made to cost must not call the compiler.
     */
    private static final String SESSION =
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
        config.setConnectionInitSql(SESSION);
        config.setMaximumPoolSize(connections);
        // A connection is a process of some MB at the server; quiet daemons keep few.
        if (connections > KEPT) {
            config.setMinimumIdle(KEPT);
            config.setIdleTimeout(300_000);
        }
        config.setKeepaliveTime(120_000);
        config.setConnectionTimeout(5_000);
        config.setValidationTimeout(3_000);
        // The server was asked already; from here on the pool copes with its absence.
        config.setInitializationFailTimeout(-1);
        PrimaryPool pool = new PrimaryPool(config, outages);
        outages.attach(pool);
        return pool;
    }

    /**
     * As {@link #properties}, and only to a server that takes writes: after a failover the old
     * address may lead to a standby, where every write would be refused.
     */
    static Properties ofPrimary(DatabaseAddress address, int socketSeconds) {
        Properties properties = properties(address, socketSeconds);
        PGProperty.TARGET_SERVER_TYPE.set(properties, "primary");
        // Of several hosts, one that was promoted a moment ago is asked again.
        PGProperty.HOST_RECHECK_SECONDS.set(properties, 1);
        return properties;
    }

    /** For the driver, beside the URL; what the URL says wins. */
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
        // Server messages may quote values of a row; values may be secrets, and messages are
        // logged.
        PGProperty.LOG_SERVER_ERROR_DETAIL.set(properties, false);
        return properties;
    }
}
