package dev.mailbell.event;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A stored event.
 *
 * @param id UUIDv7
 * @param accountId null for an event about a webhook
 * @param payload the JSON of {@link EventPayloads}, which webhooks get byte for byte
 */
public record Event(
        UUID id,
        UUID clientId,
        @Nullable UUID accountId,
        EventType type,
        Instant createdAt,
        String payload) {}
