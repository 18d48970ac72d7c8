package dev.mailbell.delivery.queue;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The age of the oldest pending delivery. A thread reads the table every 10 s, so that a scrape of
 * the metrics never waits for the database. While the database is away the known age grows on.
 */
final class OldestPending {
    private static final Logger LOG = LoggerFactory.getLogger(OldestPending.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final double MILLIS_A_SECOND = 1000;

    private final Supplier<Optional<Instant>> table;
    private final InstantSource clock;
    private final Thread thread = Thread.ofVirtual().name("oldest-pending").unstarted(this::run);
    private volatile @Nullable Instant since;

    /**
     * @param table reads when the oldest pending delivery was created; empty when none is pending
     */
    OldestPending(Supplier<Optional<Instant>> table, InstantSource clock) {
        this.table = table;
        this.clock = clock;
    }

    void start() {
        thread.start();
    }

    void stop() {
        thread.interrupt();
    }

    private void run() {
        try {
            while (true) {
                refresh();
                Thread.sleep(INTERVAL);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The age of the oldest delivery is no longer read");
        }
    }

    void refresh() {
        try {
            since = table.get().orElse(null);
        } catch (RuntimeException e) {
            LOG.debug("The oldest delivery cannot be read now", e);
        }
    }

    /** The age as of the last read, in seconds; 0 when no delivery is pending. */
    double seconds() {
        Instant oldest = since;
        return oldest == null
                ? 0
                : Math.max(0, Duration.between(oldest, clock.instant()).toMillis())
                        / MILLIS_A_SECOND;
    }
}
