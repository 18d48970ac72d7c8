package dev.mailbell.account;

import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What an account's owner gave to prove a login, as it lies encrypted in the account's row. */
public sealed interface LoginSecret {
    /** The texts that must not be shown, also when a server repeats them. */
    List<String> secrets();

    /** A password, an app password or an authorisation code. */
    record Password(String value) implements LoginSecret {
        @Override
        public List<String> secrets() {
            return List.of(value);
        }

        @Override
        public String toString() {
            return "Password[redacted]";
        }
    }

    /** Nothing yet: the account was imported without a secret. */
    record Missing() implements LoginSecret {
        @Override
        public List<String> secrets() {
            return List.of();
        }
    }

    /**
     * An OAuth 2.0 grant (RFC 6749, section 6).
     *
     * @param provider {@code google}, {@code microsoft} or {@code custom}
     * @param tokenUrl where to refresh; null for the provider's own
     * @param scope null for the provider's own
     */
    record OAuth2(
            String provider,
            String clientId,
            @Nullable String clientSecret,
            String refreshToken,
            @Nullable String tokenUrl,
            @Nullable String scope)
            implements LoginSecret {
        @Override
        public List<String> secrets() {
            return clientSecret == null
                    ? List.of(refreshToken)
                    : List.of(refreshToken, clientSecret);
        }

        @Override
        public String toString() {
            return "OAuth2[" + provider + ", redacted]";
        }
    }

    /**
     * A grant of an OAuth 2.0 app that the client registered.
     *
     * @param app the app's id
     * @param refreshToken null until the mailbox's owner consents, and for apps that need none
     * @param subject the user that the app acts for; null for the user name
     * @param scope null for the app's own
     */
    record App(
            UUID app,
            @Nullable String refreshToken,
            @Nullable String subject,
            @Nullable String scope)
            implements LoginSecret {

        /** The same after the owner's consent, or after the provider replaced the token. */
        public App withRefreshToken(String newRefreshToken) {
            return new App(app, newRefreshToken, subject, scope);
        }

        @Override
        public List<String> secrets() {
            return refreshToken == null ? List.of() : List.of(refreshToken);
        }

        @Override
        public String toString() {
            return "App[" + app + ", redacted]";
        }
    }

    /**
     * The client's own endpoint, which hands out current access tokens.
     *
     * @param signingSecret signs the requests
     */
    record TokenEndpoint(String url, String signingSecret) implements LoginSecret {
        @Override
        public List<String> secrets() {
            return List.of(signingSecret);
        }

        @Override
        public String toString() {
            return "TokenEndpoint[redacted]";
        }
    }

    /** The id of the app that this names; null for none. */
    default @Nullable UUID appId() {
        return this instanceof App grant ? grant.app() : null;
    }
}
