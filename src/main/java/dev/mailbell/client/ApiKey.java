package dev.mailbell.client;

import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key of a client, without its text.
 *
 * @param prefix the beginning of its text
 * @param expiresAt from then on it is refused; null for a key without end
 * @param lastUsedAt the latest use, up to a minute late; null when it was never used
 * @param previousUntil until when its previous text is accepted too; null when there is none
 */
public record ApiKey(
        UUID id,
        UUID clientId,
        String name,
        Set<Scope> scopes,
        String prefix,
        Instant createdAt,
        @Nullable Instant expiresAt,
        @Nullable Instant lastUsedAt,
        @Nullable Instant previousUntil) {
    public ApiKey {
        scopes = Set.copyOf(scopes);
    }
}
