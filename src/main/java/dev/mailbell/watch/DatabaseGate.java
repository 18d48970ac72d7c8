package dev.mailbell.watch;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closed while the database is away: then nothing that a look finds could be recorded, and mail
 * servers are left alone.
 */
final class DatabaseGate {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseGate.class);
    private static final Duration PROBED_EVERY = Duration.ofSeconds(1);

    private final Jdbi jdbi;
    private final AtomicBoolean away = new AtomicBoolean();
    private volatile boolean stopped;

    DatabaseGate(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    boolean isOpen() {
        return !away.get();
    }

    /** Something could not be written; the gate opens by itself when the database is back. */
    void close(RuntimeException failure) {
        if (away.compareAndSet(false, true)) {
            LOG.warn("The database is away; looks wait until it is back: {}", failure.getMessage());
            Thread.ofVirtual().name("database-probe").start(this::probe);
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
                away.set(false);
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
