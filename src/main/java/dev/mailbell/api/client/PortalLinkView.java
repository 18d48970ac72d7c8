package dev.mailbell.api.client;

import dev.mailbell.client.PortalLink;
import dev.mailbell.client.Scope;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A portal link as programs see it. Its URL is added only to the answer that hands it out.
 *
 * @param openedAt when somebody opened it; null: not yet
 */
record PortalLinkView(
        UUID id,
        @Nullable String name,
        List<String> scopes,
        Instant createdAt,
        Instant expiresAt,
        @Nullable Instant openedAt) {
    static PortalLinkView of(PortalLink link) {
        return new PortalLinkView(
                link.id(),
                link.name(),
                Scope.wireNames(link.scopes()),
                link.createdAt(),
                link.expiresAt(),
                link.openedAt());
    }
}
