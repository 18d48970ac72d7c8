package dev.mailbell;

import io.micrometer.core.instrument.Meter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * A registry that removes no meter during a scrape. Without that, a family of gauges that is
 * removed and registered again during a scrape is read twice, and the scrape fails.
 */
final class ScrapeSafeRegistry extends PrometheusMeterRegistry {
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    ScrapeSafeRegistry() {
        super(PrometheusConfig.DEFAULT);
    }

    @Override
    public @Nullable Meter remove(Meter.Id id) {
        lock.writeLock().lock();
        try {
            return super.remove(id);
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public String scrape() {
        lock.readLock().lock();
        try {
            return super.scrape();
        } finally {
            lock.readLock().unlock();
        }
    }
}
