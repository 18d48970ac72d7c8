package dev.mailbell;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.registry.PrometheusScrapeRequest;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A registry whose collectors do not change while they are read. Without that, a scrape finds a
 * family of gauges twice that is taken out and put back meanwhile, and fails.
 */
final class SteadyRegistry extends PrometheusRegistry {
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    @Override
    public void register(Collector collector) {
        change(() -> super.register(collector));
    }

    @Override
    public void register(MultiCollector collector) {
        change(() -> super.register(collector));
    }

    @Override
    public void unregister(Collector collector) {
        change(() -> super.unregister(collector));
    }

    @Override
    public void unregister(MultiCollector collector) {
        change(() -> super.unregister(collector));
    }

    private void change(Runnable change) {
        holding(lock.writeLock(), change);
    }

    private static void holding(Lock held, Runnable action) {
        held.lock();
        try {
            action.run();
        } finally {
            held.unlock();
        }
    }

    @Override
    public MetricSnapshots scrape(@Nullable PrometheusScrapeRequest request) {
        lock.readLock().lock();
        try {
            return super.scrape(request);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public MetricSnapshots scrape(
            @Nullable Predicate<String> included, @Nullable PrometheusScrapeRequest request) {
        lock.readLock().lock();
        try {
            return super.scrape(included, request);
        } finally {
            lock.readLock().unlock();
        }
    }
}
