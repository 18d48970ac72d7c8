package dev.mailbell;

import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.config.Configuration;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.mail.Protocol;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/** Answers the API's and delivery's questions about settings from the live configuration. */
final class LiveSettings implements RequestPolicy, DeliverySettings {
    private final Supplier<Configuration> configuration;
    private final PollingPolicy polling;
    private final IntSupplier nodes;

    /**
     * @param nodes how many nodes share the limits
     */
    LiveSettings(Supplier<Configuration> configuration, IntSupplier nodes) {
        this.configuration = configuration;
        this.nodes = nodes;
        this.polling = new PollingPolicy(configuration);
    }

    @Override
    public boolean push(Protocol protocol, String host) {
        return polling.push(protocol, host);
    }

    @Override
    public Duration interval(Protocol protocol, String host) {
        return polling.interval(protocol, host);
    }

    @Override
    public Duration minInterval(Protocol protocol) {
        return polling.intervals(protocol).min();
    }

    @Override
    public Duration maxInterval(Protocol protocol) {
        return polling.intervals(protocol).max();
    }

    @Override
    public Set<Integer> webhookPorts() {
        return Set.copyOf(configuration.get().webhooks().ports());
    }

    @Override
    public boolean isWayOut(String name) {
        return polling.egressNamed(name).isPresent();
    }

    @Override
    public double requestsPerSecond() {
        return configuration.get().limits().requestsPerSecond();
    }

    @Override
    public double requestsPerSecondPerClient() {
        return configuration.get().limits().requestsPerSecondPerClient();
    }

    @Override
    public double verifiesPerMinute() {
        return configuration.get().limits().verifiesPerMinute();
    }

    @Override
    public double checksPerMinute() {
        return configuration.get().limits().checksPerMinute();
    }

    @Override
    public double registrationsPerMinute() {
        return configuration.get().limits().registrationsPerMinute();
    }

    @Override
    public int nodes() {
        return nodes.getAsInt();
    }

    @Override
    public long accountsPerClient() {
        return configuration.get().limits().accountsPerClient();
    }

    @Override
    public long webhooksPerClient() {
        return configuration.get().limits().webhooksPerClient();
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
