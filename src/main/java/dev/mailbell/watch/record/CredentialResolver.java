package dev.mailbell.watch.record;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.EgressFailure;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.auth.TokenSource;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.Provider;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.mail.auth.grant.TokenSupplier;
import dev.mailbell.mail.text.SecretTraces;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.socket.Egress;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.secret.Secret;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes the login of an account for one check: the stored secret opened, a grant turned into an
 * access token.
 */
public final class CredentialResolver {
    private final LoginSecrets secrets;
    private final OAuthApps apps;
    private final DatabasePermits database;
    private final TokenSource tokens;
    private final PollingPolicy policy;

    public CredentialResolver(
            LoginSecrets secrets,
            OAuthApps apps,
            DatabasePermits database,
            TokenSource tokens,
            PollingPolicy policy) {
        this.secrets = secrets;
        this.apps = apps;
        this.database = database;
        this.tokens = tokens;
        this.policy = policy;
    }

    public Login of(Account account, Deadline deadline) {
        return of(account, secrets.open(account), deadline);
    }

    /** The login of an account with a secret that is not stored. */
    public Login of(Account account, LoginSecret secret, Deadline deadline) {
        MailSettings mail = account.mail();
        Egress egress = policy.egress(mail).map(this::configured).orElse(null);
        Credential credential =
                switch (secret) {
                    case LoginSecret.Password(String value) -> new Credential.Password(value);
                    case LoginSecret.Missing _ ->
                            throw new MailFailure(
                                    FailureCode.AUTH_FAILED, "the account has no login yet");
                    case LoginSecret.OAuth2 _, LoginSecret.App _, LoginSecret.TokenEndpoint _ ->
                            new Credential.AccessToken(
                                    tokens.accessToken(
                                            account.id(), grant(account, secret), deadline));
                };
        return new Login(
                mail.protocol(),
                mail.host(),
                mail.port(),
                mail.security(),
                mail.username(),
                credential,
                mail.tls(),
                egress,
                policy.identify(mail.host()),
                policy.plainFallback(mail.host()));
    }

    /** Without its way out an account is not read: it must not go another way. */
    private Egress configured(String name) {
        return policy.egressNamed(name)
                .orElseThrow(() ->
                        new EgressFailure(
                                "the way out \""
                                        + name
                                        + "\" is not configured (network.egress): ask the operator,"
                                        + " or change mail.egress",
                                null));
    }

    private TokenGrant grant(Account account, LoginSecret secret) {
        return switch (secret) {
            case LoginSecret.Password _, LoginSecret.Missing _ ->
                    throw new IllegalArgumentException("a login without a grant");
            case LoginSecret.OAuth2 stored -> grant(account.mail().protocol(), stored);
            case LoginSecret.App named ->
                    OAuthApps.grant(app(account, named.app()), account.mail(), named);
            case LoginSecret.TokenEndpoint(String url, String signingSecret) ->
                    new TokenSupplier(
                            URI.create(url),
                            Secret.of(signingSecret),
                            account.id(),
                            account.mail().username());
        };
    }

    /**
     * The app that an account names. Only an account that is not stored, or was changed meanwhile,
     * names one that is gone or of another client.
     */
    private OAuthApps.Opened app(Account account, UUID id) {
        return apps.find(id, query -> () -> database.through(query))
                .filter(opened -> opened.app().clientId().equals(account.clientId()))
                .orElseThrow(() ->
                        new MailFailure(
                                FailureCode.TOKEN_REFUSED,
                                "there is no app with the id of mail.oauth2.app"));
    }

    private static OAuthGrant grant(Protocol protocol, LoginSecret.OAuth2 stored) {
        Provider provider =
                Provider.of(stored.provider())
                        .orElseThrow(() ->
                                new IllegalStateException(
                                        "stored with an unknown provider: " + stored.provider()));
        return new OAuthGrant(
                protocol,
                provider,
                stored.clientId(),
                stored.clientSecret(),
                stored.refreshToken(),
                stored.tokenUrl(),
                stored.scope());
    }

    /**
     * A failure whose message does not show the account's secrets, in case the mail server repeats
     * them: at the login, or at any command after it.
     */
    public MailFailure redacted(Account account, MailFailure failure) {
        return failure.reason().indexOf('"') < 0
                ? failure
                : redacted(secrets.open(account), failure);
    }

    /** The stored texts of the account that must not be shown. */
    public List<String> secrets(Account account) {
        return secrets.open(account).secrets();
    }

    /** The same with a secret that is not stored. */
    public MailFailure redacted(LoginSecret secret, MailFailure failure) {
        String shown = new SecretTraces(secret.secrets()).redactQuotation(failure.reason());
        return shown.equals(failure.reason()) ? failure : failure.withReason(shown);
    }

    /** A check has failed: a token that the mail server refused is not used again. */
    public void refused(Account account, MailFailure failure) {
        if (account.mail().auth() == MailSettings.Auth.OAUTH2 && failure.code().needsOwner()) {
            tokens.refused(account.id());
        }
    }

    /**
     * An account was changed: the tokens of another login are forgotten. Those of the same login
     * are kept, because a renewal that is under way may bring its next refresh token.
     *
     * @param before null for an account that was not watched
     */
    public void changed(@Nullable Account before, Account now) {
        if (before == null || !Arrays.equals(before.credential(), now.credential())) {
            forget(now);
        }
    }

    /** Forgets the tokens of an account that is removed or has another login. */
    public void forget(Account account) {
        if (account.mail().auth() == MailSettings.Auth.OAUTH2) {
            tokens.forget(account.id());
        }
    }
}
