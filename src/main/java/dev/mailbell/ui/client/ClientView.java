package dev.mailbell.ui.client;

import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The page of a client: its keys for the operator, and its portal links.
 *
 * @param operator whether the operator looks at it
 * @param limits what differs from the configuration; empty for nothing
 * @param keys none for others than the operator
 * @param keyScopes what a key may be given
 * @param linkScopes what a portal link may be given by whoever looks
 * @param keyForm the form of a new key as it was sent
 * @param linkForm the form of a new portal link as it was sent
 */
public record ClientView(
        String id,
        String name,
        boolean operator,
        boolean erasing,
        String limits,
        Instant createdAt,
        List<KeyRow> keys,
        List<String> keyScopes,
        FormView keyForm,
        List<LinkRow> links,
        List<String> linkScopes,
        FormView linkForm) {
    public ClientView {
        keys = List.copyOf(keys);
        keyScopes = List.copyOf(keyScopes);
        links = List.copyOf(links);
        linkScopes = List.copyOf(linkScopes);
    }

    public String href() {
        return "/ui/clients/" + id;
    }

    /**
     * @param ended whether it has expired
     * @param previousUntil until when its text before is accepted; null for none
     */
    public record KeyRow(
            String href,
            String name,
            String prefix,
            List<String> scopes,
            Instant createdAt,
            @Nullable Instant expiresAt,
            boolean ended,
            @Nullable Instant lastUsedAt,
            @Nullable Instant previousUntil) {}

    public record LinkRow(
            String href,
            String name,
            List<String> scopes,
            Instant createdAt,
            Instant expiresAt,
            @Nullable Instant openedAt) {}

    /**
     * What a form has, and what is wrong with it.
     *
     * @param time the expiry of a key, or the life of a link
     * @param fault null for nothing
     */
    public record FormView(String name, Set<String> scopes, String time, @Nullable String fault) {
        public FormView {
            scopes = Set.copyOf(scopes);
        }
    }
}
