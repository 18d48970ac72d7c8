package dev.mailbell.oauth;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.MailSettings;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.grant.ClientCredentials;
import dev.mailbell.mail.auth.grant.JwtBearer;
import dev.mailbell.mail.auth.grant.OAuthClient;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.mail.auth.grant.SigningKey;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.oauth.OAuthApp.Proof;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.Secret;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Apps with their secrets decrypted, for logins and consents. Those of recent logins are kept in
 * memory until they change. Thread-safe.
 */
public final class OAuthApps {
    /** The failure of an account whose owner has not consented yet. */
    public static final String NO_CONSENT =
            "the mailbox's owner has not granted access yet: give them a consent link (POST"
                    + " /v1/accounts/{id}/consent)";

    private static final int MOST_KEPT = 1_000;

    private final OAuthAppStore store;
    private final Keyring keyring;
    private final Map<UUID, Opened> kept = new LinkedHashMap<>(16, 0.75f, true);
    private long changes;

    /** An app with its proof of identity. */
    public record Opened(OAuthApp app, OAuthClient client) {}

    public OAuthApps(OAuthAppStore store, Keyring keyring) {
        this.store = store;
        this.keyring = keyring;
    }

    public OAuthAppStore store() {
        return store;
    }

    /** Encrypts a client secret or private key for the row of its app. */
    public byte[] seal(String secret, UUID id) {
        return keyring.encrypt(Secret.of(secret), OAuthApp.secretContext(id));
    }

    /**
     * Decrypts the proof of an app.
     *
     * @throws dev.mailbell.secret.KeyringException when no key of the keyset fits
     */
    public Opened open(OAuthApp app) {
        byte[] sealed = app.secret();
        String secret =
                sealed == null
                        ? null
                        : keyring.decrypt(sealed, OAuthApp.secretContext(app.id())).reveal();
        boolean isKey = app.proof() == Proof.PRIVATE_KEY;
        return new Opened(
                app,
                new OAuthClient(
                        app.oauthClientId(),
                        isKey ? null : secret,
                        isKey && secret != null ? SigningKey.of(secret, app.keyId()) : null));
    }

    /**
     * The app of a login.
     *
     * @param read runs the query when the app is not kept
     */
    public Optional<Opened> find(UUID id, UnaryOperator<Supplier<Optional<OAuthApp>>> read) {
        long before;
        synchronized (kept) {
            Opened present = kept.get(id);
            if (present != null) {
                return Optional.of(present);
            }
            before = changes;
        }
        Optional<Opened> opened = read.apply(() -> store.find(id)).get().map(this::open);
        synchronized (kept) {
            // An app that was changed meanwhile may have been read before the change.
            if (opened.isPresent() && before == changes) {
                kept.put(id, opened.get());
                if (kept.size() > MOST_KEPT) {
                    kept.remove(kept.keySet().iterator().next());
                }
            }
        }
        return opened;
    }

    /** An app was changed or removed. */
    public void changed(UUID id) {
        synchronized (kept) {
            changes++;
            kept.remove(id);
        }
    }

    /** Any app may have been changed or removed. */
    public void allChanged() {
        synchronized (kept) {
            changes++;
            kept.clear();
        }
    }

    /** A client is being erased: the secrets of its apps are no longer kept. */
    public void forgetClient(UUID clientId) {
        synchronized (kept) {
            changes++;
            kept.values().removeIf(opened -> opened.app().clientId().equals(clientId));
        }
    }

    /**
     * The grant of an account that names an app.
     *
     * @throws MailFailure {@code token_refused} when the owner has not consented, or the app does
     *     not allow its tokens at this mail server
     */
    public static TokenGrant grant(Opened opened, MailSettings mail, LoginSecret.App login) {
        OAuthApp app = opened.app();
        if (!app.serves(mail.host())) {
            throw new MailFailure(
                    FailureCode.TOKEN_REFUSED,
                    "the tokens of the app may not be sent to "
                            + mail.host()
                            + ": mailHosts of the app does not name it");
        }
        OAuthClient client = opened.client();
        return switch (app.grant()) {
            case REFRESH_TOKEN -> refresh(opened, mail, login);
            case CLIENT_CREDENTIALS ->
                    new ClientCredentials(client, app.tokenEndpoint(), appScope(app, login));
            case JWT_BEARER -> {
                SigningKey key = client.key();
                if (key == null) {
                    throw new IllegalStateException(app + " signs assertions and has no key");
                }
                yield new JwtBearer(
                        client.id(),
                        key,
                        login.subject() == null ? mail.username() : login.subject(),
                        app.tokenEndpoint(),
                        appScope(app, login),
                        app.provider() == Provider.GOOGLE);
            }
        };
    }

    private static OAuthGrant refresh(Opened opened, MailSettings mail, LoginSecret.App login) {
        OAuthApp app = opened.app();
        String refreshToken = login.refreshToken();
        if (refreshToken == null) {
            throw new MailFailure(FailureCode.TOKEN_REFUSED, NO_CONSENT);
        }
        return new OAuthGrant(
                mail.protocol(),
                app.provider(),
                opened.client().id(),
                opened.client().secret(),
                refreshToken,
                app.tokenEndpoint().toString(),
                login.scope() == null ? app.scope() : login.scope(),
                opened.client().key(),
                true);
    }

    private static @Nullable String appScope(OAuthApp app, LoginSecret.App login) {
        if (login.scope() != null) {
            return login.scope();
        }
        return app.scope() != null ? app.scope() : app.provider().appScope().orElse(null);
    }
}
