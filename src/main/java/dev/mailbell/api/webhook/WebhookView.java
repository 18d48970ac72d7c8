package dev.mailbell.api.webhook;

import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Headers;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A webhook as clients see it. Its secret is added only to the answer that creates it.
 *
 * @param headerNames the names of its headers, whose values are never shown
 * @param pausedUntil no delivery is sent before; null when the webhook is not paused
 * @param failingSince the first failure since the last success
 */
record WebhookView(
        UUID id,
        String url,
        List<String> events,
        @Nullable List<UUID> accounts,
        Map<String, String> labels,
        @Nullable String description,
        List<String> headerNames,
        String state,
        @Nullable Instant pausedUntil,
        @Nullable Instant failingSince,
        @Nullable String lastError,
        Instant createdAt,
        Instant updatedAt) {

    static WebhookView of(Webhook webhook, Instant now) {
        Headers headers = webhook.headers();
        return new WebhookView(
                webhook.id(),
                webhook.url(),
                webhook.events(),
                webhook.accounts(),
                new TreeMap<>(webhook.labels()),
                webhook.description(),
                headers == null ? List.of() : headers.names(),
                webhook.state().wireName(),
                webhook.health().waitsUntil(now),
                webhook.health().failingSince(),
                webhook.health().lastError(),
                webhook.createdAt(),
                webhook.updatedAt());
    }
}
