package dev.mailbell.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;

/**
 * The pool of connections to the primary. During an outage, when the pool is empty, a request for a
 * connection fails at once instead of after 5 s.
 */
final class PrimaryPool extends HikariDataSource {
    private final OutageDetector outages;

    PrimaryPool(HikariConfig config, OutageDetector outages) {
        super(config);
        this.outages = outages;
    }

    /**
     * @throws SQLException at once during an outage when the pool is empty, otherwise when none is
     *     free in time
     */
    @Override
    public Connection getConnection() throws SQLException {
        Optional<Outage> outage = outages.current().filter(Outage::isWithoutSessions);
        if (outage.isPresent() && isEmpty()) {
            throw outage.get().failure();
        }
        try {
            return awaitConnection();
        } catch (SQLException e) {
            if (e.getCause() instanceof SQLException cause) {
                outages.sessionRefused(cause);
            }
            throw e;
        }
    }

    /** A connection, which the pool tries to open until its timeout, also during an outage. */
    Connection awaitConnection() throws SQLException {
        return super.getConnection();
    }

    /**
     * Whether a wait for a connection has failed without a reason from the server: all connections
     * are merely in use, or the pool has named the reason to another waiter.
     */
    static boolean isWithoutReason(Exception failure) {
        return failure instanceof SQLTransientConnectionException && failure.getCause() == null;
    }

    boolean isEmpty() {
        return !isClosed() && getHikariPoolMXBean().getTotalConnections() == 0;
    }
}
