package dev.mailbell.mail;

/**
 * The secret of a login; kept for the time of one login, never stored in clear text, never printed.
 */
public sealed interface Credential {

    /** A password, an authorisation code or an app password. */
    record Password(String value) implements Credential {
        @Override
        public String toString() {
            return "Password[redacted]";
        }
    }

    /** An OAuth 2.0 access token, sent as XOAUTH2 or OAUTHBEARER (RFC 7628). */
    record AccessToken(String value) implements Credential {
        @Override
        public String toString() {
            return "AccessToken[redacted]";
        }
    }
}
