package dev.mailbell.api.webhook;

import dev.mailbell.delivery.log.Attempt;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One POST to a webhook, as clients see it.
 *
 * @param statusCode null when the endpoint did not answer
 * @param answer the first KiB of the endpoint's answer
 * @param error null when the POST succeeded
 */
record AttemptView(
        Instant at,
        boolean delivered,
        @Nullable Integer statusCode,
        long durationMillis,
        @Nullable String answer,
        @Nullable String error) {

    static AttemptView of(Attempt attempt) {
        return new AttemptView(
                attempt.at(),
                attempt.delivered(),
                attempt.status(),
                attempt.duration().toMillis(),
                attempt.answer(),
                attempt.error());
    }
}
