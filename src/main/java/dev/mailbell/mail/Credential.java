package dev.mailbell.mail;

/**
 * What proves the right to log in; for the time of one login, never stored in clear, never printed.
 */
public sealed interface Credential {

    /** A password, or what a provider calls an authorisation code or app password. */
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
