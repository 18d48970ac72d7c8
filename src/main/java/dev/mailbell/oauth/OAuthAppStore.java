package dev.mailbell.oauth;

import dev.mailbell.database.ClientRow;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.oauth.OAuthApp.Grant;
import dev.mailbell.oauth.OAuthApp.Proof;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/** The table of OAuth 2.0 apps. */
public final class OAuthAppStore {
    /** Lower than all ids; instead of a null, so that any plan scans the index. */
    private static final UUID LOWEST = new UUID(0, 0);

    private final Jdbi jdbi;

    public OAuthAppStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /**
     * Adds an app, unless its client has the most that it may have.
     *
     * @return false when it has
     */
    public boolean insert(OAuthApp app) {
        return jdbi.inTransaction(handle -> {
            ClientRow.lock(handle, app.clientId());
            return bind(
                                    handle.createUpdate(
                                            """
                                            insert into oauth_app (id, client_id, name, provider, grant_type, oauth_client_id, proof, secret,
                                                key_id, tenant, authorization_url, token_url, redirect_url, scope, mail_hosts,
                                                created_at, updated_at)
                                            select :id, :client, :name, :provider, :grant, :oauthClientId, :proof, :secret,
                                                :keyId, :tenant, :authorizationUrl, :tokenUrl, :redirectUrl, :scope, :mailHosts,
                                                :createdAt, :updatedAt
                                            where (select count(*) from oauth_app where client_id = :client) < :most\
                                            """),
                                    app)
                            .bind("most", OAuthApp.MAX_OF_CLIENT)
                            .execute()
                    == 1;
        });
    }

    /** An app of any client. */
    public Optional<OAuthApp> find(UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery("select * from oauth_app where id = :id")
                        .bind("id", id)
                        .map((row, context) -> read(row))
                        .findOne());
    }

    public Optional<OAuthApp> find(UUID clientId, UUID id) {
        return jdbi.withHandle(handle -> find(handle, clientId, id, ""));
    }

    private static Optional<OAuthApp> find(Handle handle, UUID clientId, UUID id, String lock) {
        return handle.createQuery(
                        "select * from oauth_app where client_id = :client and id = :id" + lock)
                .bind("client", clientId)
                .bind("id", id)
                .map((row, context) -> read(row))
                .findOne();
    }

    /** A client's apps in the order of their ids, after an id (null: from the start). */
    public List<OAuthApp> list(UUID clientId, @Nullable UUID after, int limit) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select * from oauth_app where client_id = :client and id > :after
                                order by id limit %d\
                                """
                                        .formatted(limit))
                        .bind("client", clientId)
                        .bind("after", after == null ? LOWEST : after)
                        .map((row, context) -> read(row))
                        .list());
    }

    /**
     * Reads an app, lets it be changed and writes the result, all in one transaction that no other
     * writer of this row comes between. A change of destinations ends the open consents.
     *
     * @param change what it throws undoes all
     * @return what was written; empty when there is no such app
     * @throws AppInUseException when the refresh tokens of accounts would go to another place
     */
    public Optional<OAuthApp> change(UUID clientId, UUID id, UnaryOperator<OAuthApp> change) {
        return jdbi.inTransaction(handle -> {
            Optional<OAuthApp> found = find(handle, clientId, id, " for update");
            if (found.isEmpty()) {
                return Optional.empty();
            }
            OAuthApp before = found.get();
            OAuthApp after = change.apply(before);
            boolean moved = !before.hasSameDestinations(after);
            boolean usersGrants =
                    before.grant() == Grant.REFRESH_TOKEN || before.grant() != after.grant();
            if ((moved && usersGrants || before.grant() != after.grant()) && isUsed(handle, id)) {
                throw new AppInUseException(
                        "accounts use this app, and their refresh tokens would go elsewhere:"
                                + " register another app and let their owners consent to it");
            }
            if (moved) {
                handle.createUpdate("delete from oauth_consent where app_id = :id")
                        .bind("id", id)
                        .execute();
            }
            bind(
                            handle.createUpdate(
                                    """
                                    update oauth_app set name = :name, provider = :provider, grant_type = :grant,
                                        oauth_client_id = :oauthClientId, proof = :proof, secret = :secret, key_id = :keyId,
                                        tenant = :tenant, authorization_url = :authorizationUrl, token_url = :tokenUrl,
                                        redirect_url = :redirectUrl, scope = :scope, mail_hosts = :mailHosts,
                                        updated_at = :updatedAt
                                    where id = :id and client_id = :client\
                                    """),
                            after)
                    .execute();
            return Optional.of(after);
        });
    }

    /**
     * Removes an app; false when there is none.
     *
     * @throws AppInUseException when accounts use it
     */
    public boolean delete(UUID clientId, UUID id) {
        return jdbi.inTransaction(handle -> {
            // The lock keeps new accounts from naming the app before it is gone.
            if (find(handle, clientId, id, " for update").isEmpty()) {
                return false;
            }
            if (isUsed(handle, id)) {
                throw new AppInUseException(
                        "accounts use this app: remove them or give them another login first");
            }
            return handle.createUpdate(
                                    "delete from oauth_app where client_id = :client and id = :id")
                            .bind("client", clientId)
                            .bind("id", id)
                            .execute()
                    == 1;
        });
    }

    private static boolean isUsed(Handle handle, UUID id) {
        return handle.createQuery("select exists (select from account where oauth_app = :id)")
                .bind("id", id)
                .mapTo(Boolean.class)
                .one();
    }

    /** Whether the owner of a mailbox can grant this app access by a link. */
    public static boolean allowsConsent(Handle handle, UUID id) {
        return handle.createQuery("select * from oauth_app where id = :id")
                .bind("id", id)
                .map((row, context) -> read(row))
                .findOne()
                .filter(OAuthApp::allowsConsent)
                .isPresent();
    }

    private static <S extends SqlStatement<S>> S bind(S statement, OAuthApp app) {
        return statement
                .bind("id", app.id())
                .bind("client", app.clientId())
                .bind("name", app.name())
                .bind("provider", app.provider().wireName())
                .bind("grant", app.grant().wireName())
                .bind("oauthClientId", app.oauthClientId())
                .bind("proof", app.proof().wireName())
                .bind("secret", app.secret())
                .bind("keyId", app.keyId())
                .bind("tenant", app.tenant())
                .bind("authorizationUrl", app.authorizationUrl())
                .bind("tokenUrl", app.tokenUrl())
                .bind("redirectUrl", app.redirectUrl())
                .bind("scope", app.scope())
                .bind("mailHosts", app.mailHosts().toArray(String[]::new))
                .bind("createdAt", utc(app.createdAt()))
                .bind("updatedAt", utc(app.updatedAt()));
    }

    private static OAuthApp read(ResultSet row) throws SQLException {
        return new OAuthApp(
                row.getObject("id", UUID.class),
                row.getObject("client_id", UUID.class),
                row.getString("name"),
                Provider.of(row.getString("provider")).orElseThrow(),
                Grant.valueOf(row.getString("grant_type").toUpperCase(Locale.ROOT)),
                row.getString("oauth_client_id"),
                Proof.valueOf(row.getString("proof").toUpperCase(Locale.ROOT)),
                row.getBytes("secret"),
                row.getString("key_id"),
                row.getString("tenant"),
                row.getString("authorization_url"),
                row.getString("token_url"),
                row.getString("redirect_url"),
                row.getString("scope"),
                List.of((String[]) row.getArray("mail_hosts").getArray()),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getObject("updated_at", OffsetDateTime.class).toInstant());
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
