package dev.mailbell.api.webhook;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.LoggedDelivery;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A delivery as clients see it.
 *
 * @param attemptCount POSTs made so far
 * @param attempts the POSTs; left out in lists
 * @param body what is sent; left out in lists, and where it may not be read or is gone
 */
record DeliveryView(
        UUID id,
        UUID webhookId,
        UUID eventId,
        @Nullable String eventType,
        @Nullable UUID accountId,
        @Nullable String mailbox,
        String status,
        int attemptCount,
        @Nullable Instant nextAttemptAt,
        @Nullable Integer lastStatusCode,
        @Nullable String lastError,
        Instant createdAt,
        @Nullable Instant completedAt,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<AttemptView> attempts,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String body) {

    static DeliveryView of(LoggedDelivery delivery) {
        return view(delivery, null, null);
    }

    static DeliveryView of(LoggedDelivery delivery, List<Attempt> attempts, @Nullable String body) {
        return view(delivery, attempts.stream().map(AttemptView::of).toList(), body);
    }

    private static DeliveryView view(
            LoggedDelivery delivery, @Nullable List<AttemptView> attempts, @Nullable String body) {
        return new DeliveryView(
                delivery.id(),
                delivery.webhookId(),
                delivery.eventId(),
                delivery.eventType(),
                delivery.accountId(),
                delivery.mailbox(),
                delivery.status().wireName(),
                delivery.attempts(),
                delivery.nextAttemptAt(),
                delivery.lastStatus(),
                delivery.lastError(),
                delivery.createdAt(),
                delivery.completedAt(),
                attempts,
                body);
    }
}
