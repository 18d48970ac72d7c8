package dev.mailbell.api.webhook;

import dev.mailbell.webhook.Webhook;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A webhook as answered; its secret is added once, where it is made.
 *
 * @param pausedUntil nothing is sent before; null when nothing is in the way
 * @param failingSince of the first failure since the last success
 */
record WebhookView(
        UUID id,
        String url,
        List<String> events,
        @Nullable List<UUID> accounts,
        Map<String, String> labels,
        @Nullable String description,
        String state,
        @Nullable Instant pausedUntil,
        @Nullable Instant failingSince,
        @Nullable String lastError,
        Instant createdAt,
        Instant updatedAt) {

    static WebhookView of(Webhook webhook, Instant now) {
        return new WebhookView(
                webhook.id(),
                webhook.url(),
                webhook.events(),
                webhook.accounts(),
                new TreeMap<>(webhook.labels()),
                webhook.description(),
                webhook.state().wireName(),
                webhook.health().waitsUntil(now),
                webhook.health().failingSince(),
                webhook.health().lastError(),
                webhook.createdAt(),
                webhook.updatedAt());
    }
}
