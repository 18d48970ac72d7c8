package dev.mailbell.api.client;

import dev.mailbell.client.Client;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A client as the operator sees it.
 *
 * @param state {@code active} or {@code erasing}
 * @param limits its own; null members are as configured
 */
record ClientView(
        UUID id,
        String name,
        String state,
        Client.Limits limits,
        Instant createdAt,
        Instant updatedAt,
        @Nullable Instant erasingSince) {
    static ClientView of(Client client) {
        return new ClientView(
                client.id(),
                client.name(),
                client.erasingSince() == null ? "active" : "erasing",
                client.limits(),
                client.createdAt(),
                client.updatedAt(),
                client.erasingSince());
    }
}
