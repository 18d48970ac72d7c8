package dev.mailbell.delivery;

import dev.mailbell.delivery.endpoint.DeliverySettings;
import java.time.Duration;
import java.util.List;

/** Settings for tests; a test overrides those that matter to it. */
public class TestDeliverySettings implements DeliverySettings {
    @Override
    public Duration timeout() {
        return Duration.ofSeconds(15);
    }

    @Override
    public int concurrency() {
        return 100;
    }

    @Override
    public List<Duration> retrySchedule() {
        return List.of(Duration.ofSeconds(5));
    }

    @Override
    public Duration pauseFloor() {
        return Duration.ofSeconds(60);
    }

    @Override
    public Duration breakerOpenFor() {
        return Duration.ofSeconds(30);
    }

    @Override
    public Duration disableAfter() {
        return Duration.ofDays(5);
    }
}
