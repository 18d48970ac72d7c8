package dev.mailbell.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * The pool of sessions with the primary. While an outage lasts and the pool has no session left, a
 * request for one fails at once instead of after the 5 s that it waits otherwise.
 */
final class PrimaryPool extends HikariDataSource {
    private final OutageDetector outages;

    PrimaryPool(HikariConfig config, OutageDetector outages) {
        super(config);
        this.outages = outages;
    }

    /**
     * @throws SQLException at once during an outage that leaves no session, otherwise when none
     *     comes free in time
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
            // Without a cause the pool is merely used up.
            if (e.getCause() instanceof SQLException cause) {
                outages.noSession(cause);
            }
            throw e;
        }
    }

    /** A connection, which the pool tries to make until its time is over. */
    Connection awaitConnection() throws SQLException {
        return super.getConnection();
    }

    boolean isEmpty() {
        return !isClosed() && getHikariPoolMXBean().getTotalConnections() == 0;
    }
}
