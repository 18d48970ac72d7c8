package dev.mailbell.delivery.endpoint;

import dev.mailbell.webhook.Webhook.Health;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The state of a circuit breaker, as it is stored with the webhook for all nodes.
 *
 * @param until when a probe may begin; null while the breaker is closed
 * @param openings how often it opened in a row; 0 while it is closed
 */
public record BreakerState(@Nullable Instant until, int openings) {
    public static final BreakerState CLOSED = new BreakerState(null, 0);

    static BreakerState of(Health health) {
        return new BreakerState(health.breakerUntil(), health.breakerOpenings());
    }
}
