package dev.mailbell.ui.webhook;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page of a delivery.
 *
 * @param formatted the body with line breaks; null where it is not shown
 * @param body the body as it is sent; null where it is not shown
 * @param hidden why the body is not shown; null where it is
 * @param mayRedeliver whether the action is shown
 */
public record DeliveryView(
        String id,
        StateView status,
        @Nullable String type,
        @Nullable String subject,
        @Nullable String accountHref,
        String webhook,
        String webhookHref,
        @Nullable String client,
        Instant createdAt,
        @Nullable Instant completedAt,
        @Nullable Instant nextAttemptAt,
        String explanation,
        @Nullable String formatted,
        @Nullable String body,
        @Nullable String hidden,
        List<AttemptRow> attempts,
        int attemptCount,
        boolean mayRedeliver) {
    public DeliveryView {
        attempts = List.copyOf(attempts);
    }

    public String href() {
        return "/ui/deliveries/" + id;
    }
}
