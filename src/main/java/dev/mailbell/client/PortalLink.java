package dev.mailbell.client;

import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A link that opens a client's view of the page for somebody without a key, without its token.
 *
 * @param name for people; null for none
 * @param scopes what the page may do for whoever opened the link
 * @param keyId the key that made it, with which it ends; null for the operator's
 * @param expiresAt from then on neither the link nor what it opened is valid
 * @param openedAt when it was opened, which it is once; null: not yet
 */
public record PortalLink(
        UUID id,
        UUID clientId,
        @Nullable String name,
        Set<Scope> scopes,
        @Nullable UUID keyId,
        Instant createdAt,
        Instant expiresAt,
        @Nullable Instant openedAt) {
    public PortalLink {
        scopes = Set.copyOf(scopes);
    }

    /** What the audit log and the page call it. */
    public String label() {
        return label(name);
    }

    static String label(@Nullable String name) {
        return name == null ? "portal link" : "portal link: " + name;
    }
}
