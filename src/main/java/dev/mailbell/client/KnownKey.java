package dev.mailbell.client;

import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a request with a key needs to know of it.
 *
 * @param validUntil from then on the text of the request is refused; null for no end
 * @param clientRequestsPerSecond the limit of the client; null for the configured one
 */
public record KnownKey(
        UUID id,
        UUID clientId,
        String name,
        Set<Scope> scopes,
        @Nullable Instant validUntil,
        @Nullable Integer clientRequestsPerSecond) {
    public KnownKey {
        scopes = Set.copyOf(scopes);
    }

    public boolean isValid(Instant now) {
        return validUntil == null || now.isBefore(validUntil);
    }
}
