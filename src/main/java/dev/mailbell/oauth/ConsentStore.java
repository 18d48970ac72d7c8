package dev.mailbell.oauth;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The table of consent links: at most one for each account, found by the hash of its token. */
public final class ConsentStore {
    private final Jdbi jdbi;

    public ConsentStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * A consent link.
     *
     * @param usedAt when the owner granted access; null before
     */
    public record Consent(
            UUID clientId,
            UUID accountId,
            UUID appId,
            Instant expiresAt,
            @Nullable Instant usedAt) {}

    /** Stores the link of an account, which replaces an earlier one. */
    public void put(UUID accountId, UUID appId, byte[] tokenHash, Instant expiresAt) {
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                """
                                insert into oauth_consent (account_id, app_id, token_hash, expires_at)
                                values (:account, :app, :hash, :expires)
                                on conflict (account_id) do update set app_id = excluded.app_id,
                                    token_hash = excluded.token_hash, expires_at = excluded.expires_at,
                                    claimed_until = null, used_at = null\
                                """)
                        .bind("account", accountId)
                        .bind("app", appId)
                        .bind("hash", tokenHash)
                        .bind("expires", utc(expiresAt))
                        .execute());
    }

    /** The link with a token, unless its client is being erased. */
    public Optional<Consent> find(byte[] tokenHash) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select a.client_id, c.* from oauth_consent c join account a on a.id = c.account_id
                                join client cl on cl.id = a.client_id and cl.erasing_since is null
                                where c.token_hash = :hash\
                                """)
                        .bind("hash", tokenHash)
                        .map((row, context) ->
                                new Consent(
                                        row.getObject("client_id", UUID.class),
                                        row.getObject("account_id", UUID.class),
                                        row.getObject("app_id", UUID.class),
                                        row.getObject("expires_at", OffsetDateTime.class)
                                                .toInstant(),
                                        instant(row.getObject("used_at", OffsetDateTime.class))))
                        .findOne());
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    /**
     * Claims an open link for one exchange of a code, so that two requests do not send the same
     * code. The claim of a daemon that died is over at {@code until}.
     *
     * @return false when it is claimed, used, expired or gone
     */
    public boolean claim(byte[] tokenHash, Instant now, Instant until) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                update oauth_consent set claimed_until = :until
                                where token_hash = :hash and used_at is null and expires_at > :now
                                    and (claimed_until is null or claimed_until <= :now)\
                                """)
                        .bind("hash", tokenHash)
                        .bind("now", utc(now))
                        .bind("until", utc(until))
                        .execute())
                == 1;
    }

    /** Ends a claim without a grant: the owner may try again. */
    public void release(byte[] tokenHash) {
        jdbi.useHandle(handle ->
                handle.createUpdate(
                                "update oauth_consent set claimed_until = null where token_hash = :hash")
                        .bind("hash", tokenHash)
                        .execute());
    }

    /**
     * The link has led to a grant and works no more.
     *
     * @return false when a newer link has replaced it, it is gone, or its client is being erased
     */
    public boolean use(byte[] tokenHash, Instant now) {
        return jdbi.withHandle(handle ->
                handle.createUpdate(
                                """
                                update oauth_consent set used_at = :now, claimed_until = null
                                where token_hash = :hash and used_at is null and exists
                                    (select from account a join client c on c.id = a.client_id and c.erasing_since is null
                                    where a.id = account_id)\
                                """)
                        .bind("hash", tokenHash)
                        .bind("now", utc(now))
                        .execute())
                == 1;
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
