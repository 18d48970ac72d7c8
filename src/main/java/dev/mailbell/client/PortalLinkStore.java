package dev.mailbell.client;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The table of portal links. It has the hashes of their tokens, never a token. */
public final class PortalLinkStore {
    /** The most links of one client that have not ended. */
    public static final int MAX_PER_CLIENT = 1_000;

    private static final UUID LOWEST = new UUID(0, 0);

    /** A link is valid while its client, and the key that made it, are. */
    private static final String VALID =
            """
             l.expires_at > :now
                and exists (select from client c where c.id = l.client_id and c.erasing_since is null)
                and (l.key_id is null or exists (
                    select from api_key k
                    where k.id = l.key_id and (k.expires_at is null or k.expires_at > :now)))\
            """;

    private final Jdbi jdbi;

    public PortalLinkStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Adds a link, and deletes those of the client that have ended.
     *
     * @return false when the client has {@value #MAX_PER_CLIENT} links, or is gone
     */
    public boolean insert(PortalLink link, PortalToken token) {
        return jdbi.inTransaction(handle -> {
            boolean exists = ClientStore.lock(handle, link.clientId());
            if (!exists) {
                return false;
            }
            handle.createUpdate(
                            "delete from portal_link where client_id = :client and expires_at <= :now")
                    .bind("client", link.clientId())
                    .bind("now", link.createdAt().atOffset(ZoneOffset.UTC))
                    .execute();
            return handle.createUpdate(
                                    """
                                    insert into portal_link (id, client_id, name, scopes, key_id, hash, created_at, expires_at)
                                    select :id, :client, :name, :scopes, :key, :hash, :createdAt, :expiresAt
                                    where (select count(*) from portal_link where client_id = :client) < :most\
                                    """)
                            .bind("id", link.id())
                            .bind("client", link.clientId())
                            .bind("name", link.name())
                            .bind("scopes", Scope.wireNames(link.scopes()).toArray(String[]::new))
                            .bind("key", link.keyId())
                            .bind("hash", token.hash())
                            .bind("createdAt", link.createdAt().atOffset(ZoneOffset.UTC))
                            .bind("expiresAt", link.expiresAt().atOffset(ZoneOffset.UTC))
                            .bind("most", MAX_PER_CLIENT)
                            .execute()
                    == 1;
        });
    }

    /** A page of the links of a client that are valid, in the order of their creation. */
    public List<PortalLink> list(UUID clientId, @Nullable UUID after, int limit, Instant now) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select * from portal_link l where client_id = :client and id > :after and"
                                        + VALID
                                        + " order by id limit :limit")
                        .bind("client", clientId)
                        .bind("after", after == null ? LOWEST : after)
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .bind("limit", limit)
                        .map((row, context) -> read(row))
                        .list());
    }

    /** Ends a link and what it has opened; false when there is no such link. */
    public boolean delete(UUID clientId, UUID id) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                "delete from portal_link where client_id = :client and id = :id")
                        .bind("client", clientId)
                        .bind("id", id)
                        .execute())
                == 1;
    }

    /**
     * Opens the link with a token. Of two requests with one token, one opens it.
     *
     * @return empty when there is none, or it was opened before, or has ended
     */
    public Optional<PortalLink> open(PortalToken token, Instant now) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "update portal_link l set opened_at = :now where l.hash = :hash and l.opened_at is null and"
                                        + VALID
                                        + " returning *")
                        .bind("hash", token.hash())
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .map((row, context) -> read(row))
                        .findOne());
    }

    /**
     * What a request needs to know of the link that let its sender in.
     *
     * @param hash of the link's token
     * @return empty when the link was not opened, or has ended
     */
    public Optional<KnownKey> known(byte[] hash, Instant now) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select l.*, c.max_requests_per_second from portal_link l join client c on c.id = l.client_id"
                                        + " where l.hash = :hash and l.opened_at is not null and"
                                        + VALID)
                        .bind("hash", hash)
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .map((row, context) ->
                                new KnownKey(
                                        row.getObject("id", UUID.class),
                                        row.getObject("client_id", UUID.class),
                                        PortalLink.label(row.getString("name")),
                                        ApiKeyStore.scopes(row),
                                        ClientStore.instant(row, "expires_at"),
                                        row.getObject("max_requests_per_second", Integer.class)))
                        .findOne());
    }

    /** Deletes the links that have ended; returns how many they were. */
    public int deleteExpired(Instant now) {
        return jdbi.withHandle(handle ->
                handle.createUpdate("delete from portal_link where expires_at <= :now")
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .execute());
    }

    private static PortalLink read(ResultSet row) throws SQLException {
        return new PortalLink(
                row.getObject("id", UUID.class),
                row.getObject("client_id", UUID.class),
                row.getString("name"),
                ApiKeyStore.scopes(row),
                row.getObject("key_id", UUID.class),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getObject("expires_at", OffsetDateTime.class).toInstant(),
                ClientStore.instant(row, "opened_at"));
    }
}
