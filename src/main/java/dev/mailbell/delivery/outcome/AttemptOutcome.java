package dev.mailbell.delivery.outcome;

import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An attempt and what follows from it.
 *
 * @param webhook its row as it was known when the attempt was made
 * @param fence the right to write it, as of the beginning of the attempt
 * @param next the earliest time of the next attempt; null when there is none
 * @param health the endpoint's health after the attempt
 */
public record AttemptOutcome(
        Webhook webhook,
        Delivery delivery,
        ShardFence fence,
        Attempt attempt,
        @Nullable Instant next,
        Snapshot health) {
    /** Whether the delivery has failed and is not attempted again. */
    boolean isGivenUp() {
        return next == null && !attempt.delivered();
    }

    /** The same without the endpoint's texts, which PostgreSQL may refuse. */
    AttemptOutcome withoutTexts() {
        return new AttemptOutcome(
                webhook,
                delivery,
                fence,
                new Attempt(
                        attempt.at(),
                        attempt.duration(),
                        attempt.status(),
                        null,
                        attempt.delivered()
                                ? null
                                : "failed; the text of the error cannot be stored",
                        attempt.retryAfter(),
                        attempt.fault()),
                next,
                health);
    }
}
