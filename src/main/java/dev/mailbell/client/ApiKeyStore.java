package dev.mailbell.client;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The table of the clients' keys. It has the hashes of their texts, never a text. */
public final class ApiKeyStore {
    /** The most keys of one client. */
    public static final int MAX_PER_CLIENT = 100;

    /** How long after a rotation the text before is accepted too. */
    public static final Duration PREVIOUS_LIFE = Duration.ofHours(24);

    private static final UUID LOWEST = new UUID(0, 0);

    private final Jdbi jdbi;

    public ApiKeyStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Adds a key.
     *
     * @return false when the client has {@value #MAX_PER_CLIENT} keys, or is gone
     */
    public boolean insert(ApiKey key, KeyText text) {
        return jdbi.inTransaction(handle -> {
            boolean exists = ClientStore.lock(handle, key.clientId());
            return exists
                    && handle.createUpdate(
                                            """
                                            insert into api_key (id, client_id, name, scopes, prefix, hash, created_at, expires_at)
                                            select :id, :client, :name, :scopes, :prefix, :hash, :createdAt, :expiresAt
                                            where (select count(*) from api_key where client_id = :client) < :most\
                                            """)
                                    .bind("id", key.id())
                                    .bind("client", key.clientId())
                                    .bind("name", key.name())
                                    .bind(
                                            "scopes",
                                            Scope.wireNames(key.scopes()).toArray(String[]::new))
                                    .bind("prefix", key.prefix())
                                    .bind("hash", text.hash())
                                    .bind("createdAt", key.createdAt().atOffset(ZoneOffset.UTC))
                                    .bind("expiresAt", time(key.expiresAt()))
                                    .bind("most", MAX_PER_CLIENT)
                                    .execute()
                            == 1;
        });
    }

    /** A page of the keys of a client in the order of their creation. */
    public List<ApiKey> list(UUID clientId, @Nullable UUID after, int limit) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select * from api_key where client_id = :client and id > :after
                                order by id limit :limit\
                                """)
                        .bind("client", clientId)
                        .bind("after", after == null ? LOWEST : after)
                        .bind("limit", limit)
                        .map((row, context) -> read(row))
                        .list());
    }

    public Optional<ApiKey> find(UUID clientId, UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select * from api_key where client_id = :client and id = :id")
                        .bind("client", clientId)
                        .bind("id", id)
                        .map((row, context) -> read(row))
                        .findOne());
    }

    /** Revokes a key; false when there is no such key. */
    public boolean delete(UUID clientId, UUID id) {
        return jdbi.withHandle(handle ->
                handle.createUpdate("delete from api_key where client_id = :client and id = :id")
                        .bind("client", clientId)
                        .bind("id", id)
                        .execute())
                == 1;
    }

    /**
     * Gives a key a new text. The text before stays valid for a while, but not longer than it would
     * have been; one that was replaced earlier is not valid any more.
     *
     * @param expiresAt the end of the new text; null for that of the text before
     * @param until when the text before ends
     * @return the key; empty when there is none, or it has expired
     */
    public Optional<ApiKey> rotate(
            UUID clientId,
            UUID id,
            KeyText text,
            @Nullable Instant expiresAt,
            Instant until,
            Instant now) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                with rotated as (
                                    update api_key set previous_hash = hash, previous_until = least(expires_at, :until),
                                        hash = :hash, prefix = :prefix, expires_at = coalesce(:expiresAt, expires_at)
                                    where client_id = :client and id = :id and (expires_at is null or expires_at > :now)
                                    returning *),
                                ended as (delete from portal_link where key_id in (select id from rotated))
                                select * from rotated\
                                """)
                        .bind("client", clientId)
                        .bind("id", id)
                        .bind("hash", text.hash())
                        .bind("prefix", text.shown())
                        .bind("expiresAt", time(expiresAt))
                        .bind("until", until.atOffset(ZoneOffset.UTC))
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .map((row, context) -> read(row))
                        .findOne());
    }

    /** The key with a text, also an expired one; empty for one whose client is being erased. */
    public Optional<KnownKey> known(byte[] hash) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select k.id, k.client_id, k.name, k.scopes, c.max_requests_per_second,
                                    case when k.hash = :hash then k.expires_at else k.previous_until end as valid_until
                                from api_key k join client c on c.id = k.client_id
                                where (k.hash = :hash or k.previous_hash = :hash) and c.erasing_since is null\
                                """)
                        .bind("hash", hash)
                        .map((row, context) ->
                                new KnownKey(
                                        row.getObject("id", UUID.class),
                                        row.getObject("client_id", UUID.class),
                                        row.getString("name"),
                                        scopes(row),
                                        ClientStore.instant(row, "valid_until"),
                                        row.getObject("max_requests_per_second", Integer.class)))
                        .findOne());
    }

    /** Notes the latest uses of keys; those that are gone are left out. */
    void used(Map<UUID, Instant> uses) {
        List<Map.Entry<UUID, Instant>> entries = List.copyOf(uses.entrySet());
        UUID[] ids = entries.stream().map(Map.Entry::getKey).toArray(UUID[]::new);
        String[] times =
                entries.stream().map(use -> use.getValue().toString()).toArray(String[]::new);
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                """
                                update api_key k set last_used_at = u.at
                                from unnest(:ids::uuid[], :times::timestamptz[]) u (id, at)
                                where k.id = u.id and (k.last_used_at is null or k.last_used_at < u.at)\
                                """)
                        .bind("ids", ids)
                        .bind("times", times)
                        .execute());
    }

    private static ApiKey read(ResultSet row) throws SQLException {
        return new ApiKey(
                row.getObject("id", UUID.class),
                row.getObject("client_id", UUID.class),
                row.getString("name"),
                scopes(row),
                row.getString("prefix"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                ClientStore.instant(row, "expires_at"),
                ClientStore.instant(row, "last_used_at"),
                ClientStore.instant(row, "previous_until"));
    }

    /** A scope that this version does not know gives no right. */
    static Set<Scope> scopes(ResultSet row) throws SQLException {
        Array array = row.getArray("scopes");
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (Object name : (Object[]) array.getArray()) {
            Scope.ofWireName((String) name).ifPresent(scopes::add);
        }
        return scopes;
    }

    private static @Nullable OffsetDateTime time(@Nullable Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }
}
