package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailSettings;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import java.util.UUID;

/**
 * Makes the login of an account for one look: the stored secret opened, a grant turned into an
 * access token.
 */
final class Logins {

    /** Where access tokens come from. */
    interface Tokens {
        /**
         * An access token that is valid now.
         *
         * @throws MailFailure when none can be had
         */
        String accessToken(UUID accountId, LoginSecret.OAuth2 grant, Deadline deadline);

        /** The mail server refused the account's access token: the next one is asked for anew. */
        void refused(UUID accountId);
    }

    private final LoginSecrets secrets;
    private final Tokens tokens;

    Logins(LoginSecrets secrets, Tokens tokens) {
        this.secrets = secrets;
        this.tokens = tokens;
    }

    Login of(Account account, Deadline deadline) {
        return of(account, secrets.open(account), deadline);
    }

    /** The login of an account with a secret that is not stored. */
    Login of(Account account, LoginSecret secret, Deadline deadline) {
        MailSettings mail = account.mail();
        Credential credential =
                switch (secret) {
                    case LoginSecret.Password(String value) -> new Credential.Password(value);
                    case LoginSecret.OAuth2 grant ->
                            new Credential.AccessToken(
                                    tokens.accessToken(account.id(), grant, deadline));
                };
        return new Login(
                mail.protocol(),
                mail.host(),
                mail.port(),
                mail.security(),
                mail.username(),
                credential,
                mail.verifyCertificate(),
                mail.caPem());
    }

    /** Takes note of a failed look: a token that the mail server refused is not used again. */
    void refused(Account account, MailFailure failure) {
        if (account.mail().auth() == MailSettings.Auth.OAUTH2
                && failure.code() == FailureCode.TOKEN_REFUSED) {
            tokens.refused(account.id());
        }
    }
}
