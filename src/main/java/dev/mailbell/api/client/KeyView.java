package dev.mailbell.api.client;

import dev.mailbell.client.ApiKey;
import dev.mailbell.client.Scope;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key as the operator sees it. Its text is added only to the answer that hands it out.
 *
 * @param previousUntil until when the text before the latest rotation is accepted; null when it has
 *     ended or there was none
 */
record KeyView(
        UUID id,
        String name,
        List<String> scopes,
        String prefix,
        Instant createdAt,
        @Nullable Instant expiresAt,
        @Nullable Instant lastUsedAt,
        @Nullable Instant previousUntil) {
    static KeyView of(ApiKey key, Instant now) {
        Instant until = key.previousUntil();
        return new KeyView(
                key.id(),
                key.name(),
                Scope.wireNames(key.scopes()),
                key.prefix(),
                key.createdAt(),
                key.expiresAt(),
                key.lastUsedAt(),
                until != null && now.isBefore(until) ? until : null);
    }
}
