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
import dev.mailbell.mail.auth.OAuthGrant;
import dev.mailbell.mail.auth.Provider;
import dev.mailbell.mail.auth.TokenSource;
import dev.mailbell.mail.text.SecretTraces;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.socket.Egress;
import dev.mailbell.watch.schedule.PollingPolicy;

/**
 * Makes the login of an account for one check: the stored secret opened, a grant turned into an
 * access token.
 */
public final class CredentialResolver {
    private final LoginSecrets secrets;
    private final TokenSource tokens;
    private final PollingPolicy policy;

    public CredentialResolver(LoginSecrets secrets, TokenSource tokens, PollingPolicy policy) {
        this.secrets = secrets;
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
                    case LoginSecret.OAuth2 grant ->
                            new Credential.AccessToken(
                                    tokens.accessToken(
                                            account.id(), grant(mail.protocol(), grant), deadline));
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
        return policy.wayOut(name)
                .orElseThrow(() ->
                        new EgressFailure(
                                "the way out \""
                                        + name
                                        + "\" is not configured (network.egress): ask the operator,"
                                        + " or change mail.egress",
                                null));
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

    /** Forgets the tokens of an account that is removed or has another login. */
    public void forget(Account account) {
        if (account.mail().auth() == MailSettings.Auth.OAUTH2) {
            tokens.forget(account.id());
        }
    }
}
