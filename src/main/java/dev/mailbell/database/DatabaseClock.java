package dev.mailbell.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database server's clock, as far as this machine knows it: read at the start and with each
 * heartbeat, and continued by the monotonic clock between them. All nodes therefore agree on the
 * time within the duration of an exchange, whatever the clocks of their hosts say. Thread-safe.
 */
public final class DatabaseClock implements InstantSource {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseClock.class);

    /** An exchange that takes longer than this does not tell the time well enough. */
    private static final Duration MAX_EXCHANGE = Duration.ofSeconds(1);

    /** The exchange can be this short before the measurement is worth no repetition. */
    private static final Duration GOOD_EXCHANGE = Duration.ofMillis(20);

    /** Smaller differences are left: two clocks that drift apart would make it go back often. */
    private static final Duration TOLERANCE = Duration.ofMillis(10);

    /** Above it the clock of this host deserves a line in the log. */
    private static final Duration NOTABLE = Duration.ofSeconds(2);

    /** A start waits so long for a slow database. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final int ATTEMPTS = 5;

    private final LongSupplier nanoTime;
    private volatile Reading reading;

    /** The server's time at a moment of the monotonic clock. */
    private record Reading(Instant time, long nanoTime, Duration exchange) {
        /**
         * @param sent the monotonic time before the server read its clock
         * @param received the same after it
         */
        static Reading of(Instant time, long sent, long received) {
            long half = (received - sent) / 2;
            return new Reading(time, sent + half, Duration.ofNanos(received - sent));
        }

        Instant at(long moment) {
            return time.plusNanos(moment - nanoTime);
        }
    }

    @FunctionalInterface
    interface Server {
        Instant time() throws SQLException;
    }

    private DatabaseClock(Reading first, LongSupplier nanoTime) {
        this.reading = first;
        this.nanoTime = nanoTime;
    }

    /**
     * Reads the server's clock.
     *
     * @param host the clock of this machine, for the log
     * @throws DatabaseException when it cannot be read exactly to a second
     */
    public static DatabaseClock of(Database database, InstantSource host) {
        try (Connection connection = database.ownConnection(PATIENCE)) {
            DatabaseClock clock = read(() -> time(connection), System::nanoTime);
            Duration error = Duration.between(host.instant(), clock.instant());
            if (error.abs().compareTo(NOTABLE) > 0) {
                LOG.warn(
                        "The clock of this host is {} s {} the database server's; Mailbell goes by the latter",
                        error.abs().toSeconds(),
                        error.isNegative() ? "ahead of" : "behind");
            }
            return clock;
        } catch (SQLException e) {
            throw new DatabaseException(
                    "the database went away before its clock was read: start again when it is back",
                    e);
        }
    }

    private static Instant time(Connection connection) {
        return Sql.of("select clock_timestamp()")
                .query(connection, row -> row.getObject(1, OffsetDateTime.class).toInstant())
                .getFirst();
    }

    static DatabaseClock read(Server server, LongSupplier nanoTime) throws SQLException {
        Reading best = null;
        for (int attempt = 0;
                attempt < ATTEMPTS && (best == null || best.exchange.compareTo(GOOD_EXCHANGE) > 0);
                attempt++) {
            long sent = nanoTime.getAsLong();
            Instant time = server.time();
            Reading next = Reading.of(time, sent, nanoTime.getAsLong());
            best = best == null || next.exchange.compareTo(best.exchange) < 0 ? next : best;
        }
        if (best == null || best.exchange.compareTo(MAX_EXCHANGE) > 0) {
            throw new DatabaseException(
                    "the clock of the database server cannot be read exactly to a second, because each answer"
                            + " takes longer: nodes must agree on the time. Look at the network to the database,"
                            + " or at its load");
        }
        return new DatabaseClock(best, nanoTime);
    }

    /**
     * Takes another reading of the server's clock.
     *
     * @param sent the monotonic time before the server read it
     * @param received the same after it
     */
    public synchronized void adjust(Instant time, long sent, long received) {
        Reading next = Reading.of(time, sent, received);
        Duration error = Duration.between(reading.at(next.nanoTime), time).abs();
        Duration tolerance = TOLERANCE.plus(next.exchange.dividedBy(2));
        if (next.exchange.compareTo(MAX_EXCHANGE) <= 0 && error.compareTo(tolerance) > 0) {
            reading = next;
        }
    }

    @Override
    public Instant instant() {
        return reading.at(nanoTime.getAsLong());
    }
}
