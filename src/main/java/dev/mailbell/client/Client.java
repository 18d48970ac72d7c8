package dev.mailbell.client;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A client: the owner of accounts and webhooks.
 *
 * @param name unique
 * @param erasingSince since when its rows are being removed; null while it is in use
 */
public record Client(
        UUID id,
        String name,
        Limits limits,
        Instant createdAt,
        Instant updatedAt,
        @Nullable Instant erasingSince) {

    /**
     * What differs from the limits in the configuration; null for no difference.
     *
     * @param accounts the number of accounts
     * @param webhooks the number of webhooks
     * @param requestsPerSecond of all keys of the client together
     */
    public record Limits(
            @Nullable Integer accounts,
            @Nullable Integer webhooks,
            @Nullable Integer requestsPerSecond) {
        public static final Limits AS_CONFIGURED = new Limits(null, null, null);
    }
}
