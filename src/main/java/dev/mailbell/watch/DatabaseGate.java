package dev.mailbell.watch;

import dev.mailbell.database.Database;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The looks' way to the database. A few go through at once, so that a thousand first looks wait
 * here and do not use up the pool's connections, for which everybody else waits too. Closed while
 * the database is away: then nothing that a look finds could be recorded, and mail servers are left
 * alone.
 */
final class DatabaseGate {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseGate.class);
    private static final Duration PROBED_EVERY = Duration.ofSeconds(1);

    private final Jdbi jdbi;
    private final Semaphore places;
    private final AtomicReference<@Nullable RuntimeException> away = new AtomicReference<>();
    private volatile boolean stopped;

    /**
     * @param atOnce how many go through at once, fewer than the pool has connections
     */
    DatabaseGate(Jdbi jdbi, int atOnce) {
        this.jdbi = jdbi;
        this.places = new Semaphore(Math.max(1, atOnce), true);
    }

    boolean isOpen() {
        return away.get() == null;
    }

    /**
     * Reads or writes.
     *
     * @throws RuntimeException of {@link Database#isAway} when the database is away; the gate opens
     *     by itself when it is back
     */
    <T> T through(Supplier<T> work) {
        places.acquireUninterruptibly();
        try {
            RuntimeException failure = away.get();
            if (failure != null) {
                throw failure;
            }
            return work.get();
        } catch (RuntimeException e) {
            if (Database.isAway(e) && away.compareAndSet(null, e)) {
                LOG.warn("The database is away; looks wait until it is back: {}", e.getMessage());
                Thread.ofVirtual().name("database-probe").start(this::probe);
            }
            throw e;
        } finally {
            places.release();
        }
    }

    void stop() {
        stopped = true;
    }

    private void probe() {
        while (!stopped) {
            try {
                Thread.sleep(PROBED_EVERY);
                jdbi.useHandle(handle -> handle.execute("select 1"));
                away.set(null);
                LOG.info("The database is back; looks go on");
                return;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException e) {
                LOG.debug("The database is still away: {}", e.getMessage());
            }
        }
    }
}
