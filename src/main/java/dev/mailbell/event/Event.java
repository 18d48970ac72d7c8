package dev.mailbell.event;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A durable fact.
 *
 * @param id UUIDv7
 * @param accountId null for facts about a webhook
 * @param payload the JSON that webhooks get, byte for byte: {@code type}, {@code timestamp}, {@code
 *     data}
 */
public record Event(
        UUID id,
        UUID clientId,
        @Nullable UUID accountId,
        EventType type,
        Instant createdAt,
        String payload) {}
