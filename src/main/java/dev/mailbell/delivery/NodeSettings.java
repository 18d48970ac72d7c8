package dev.mailbell.delivery;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import java.time.Duration;
import java.util.List;

/**
 * The configuration of deliveries for one node of several, which share the POSTs at once of a
 * webhook evenly; each may make one at least.
 */
record NodeSettings(DeliverySettings configured, Ownership ownership) implements DeliverySettings {
    @Override
    public Duration timeout() {
        return configured.timeout();
    }

    @Override
    public int concurrency() {
        return Math.max(1, Math.ceilDiv(configured.concurrency(), ownership.nodes()));
    }

    @Override
    public List<Duration> retrySchedule() {
        return configured.retrySchedule();
    }

    @Override
    public Duration pauseFloor() {
        return configured.pauseFloor();
    }

    @Override
    public Duration breakerOpenFor() {
        return configured.breakerOpenFor();
    }

    @Override
    public Duration disableAfter() {
        return configured.disableAfter();
    }

    @Override
    public Duration tick() {
        return configured.tick();
    }
}
