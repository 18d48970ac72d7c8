package dev.mailbell;

import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.config.Configuration;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.mail.Protocol;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/** The configuration as the rooms ask for it. */
final class LiveSettings implements RequestPolicy, DeliverySettings {
    private final Supplier<Configuration> configuration;
    private final PollingPolicy pace;

    LiveSettings(Supplier<Configuration> configuration) {
        this.configuration = configuration;
        this.pace = new PollingPolicy(configuration);
    }

    @Override
    public boolean push(Protocol protocol, String host) {
        return pace.push(protocol, host);
    }

    @Override
    public Duration interval(Protocol protocol, String host) {
        return pace.interval(protocol, host);
    }

    @Override
    public Duration minInterval(Protocol protocol) {
        return pace.intervals(protocol).min();
    }

    @Override
    public Duration maxInterval(Protocol protocol) {
        return pace.intervals(protocol).max();
    }

    @Override
    public Set<Integer> webhookPorts() {
        return Set.copyOf(configuration.get().webhooks().ports());
    }

    @Override
    public double requestsPerSecond() {
        return configuration.get().limits().requestsPerSecond();
    }

    @Override
    public long accountsPerClient() {
        return configuration.get().limits().accountsPerClient();
    }

    @Override
    public Duration timeout() {
        return configuration.get().webhooks().timeout();
    }

    @Override
    public int concurrency() {
        return configuration.get().webhooks().concurrency();
    }

    @Override
    public List<Duration> retrySchedule() {
        return configuration.get().webhooks().retrySchedule();
    }

    @Override
    public Duration pauseFloor() {
        return configuration.get().webhooks().pauseFloor();
    }

    @Override
    public Duration breakerOpenFor() {
        return configuration.get().webhooks().breakerOpenFor();
    }

    @Override
    public Duration disableAfter() {
        return configuration.get().webhooks().disableAfter();
    }
}
