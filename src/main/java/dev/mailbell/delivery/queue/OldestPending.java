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
 * Since when the oldest delivery is pending. The table is asked every 10 s, by a thread of its own:
 * who wants to know waits for no database, and an age that is known grows on while it is away.
 */
final class OldestPending {
    private static final Logger LOG = LoggerFactory.getLogger(OldestPending.class);
    private static final Duration BETWEEN = Duration.ofSeconds(10);
    private static final double MILLIS_A_SECOND = 1000;

    private final Supplier<Optional<Instant>> table;
    private final InstantSource clock;
    private final Thread thread = Thread.ofVirtual().name("oldest-pending").unstarted(this::run);
    private volatile @Nullable Instant since;

    /**
     * @param table when the oldest one was made; empty when none is pending
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
                look();
                Thread.sleep(BETWEEN);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The oldest delivery is no longer looked for");
        }
    }

    void look() {
        try {
            since = table.get().orElse(null);
        } catch (RuntimeException e) {
            LOG.debug("The oldest delivery cannot be read now", e);
        }
    }

    /** Its age as far as is known; 0 when none is pending. */
    double seconds() {
        Instant oldest = since;
        return oldest == null
                ? 0
                : Math.max(0, Duration.between(oldest, clock.instant()).toMillis())
                        / MILLIS_A_SECOND;
    }
}
