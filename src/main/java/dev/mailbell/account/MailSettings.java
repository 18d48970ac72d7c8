package dev.mailbell.account;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import org.jspecify.annotations.Nullable;

/**
 * Where an account's mail is and with which user name to log in; the password or grant is stored
 * apart, encrypted.
 *
 * @param auth how the login is proven
 * @param caPem certificates to trust besides the platform's, PEM; null for none
 */
public record MailSettings(
        Protocol protocol,
        String host,
        int port,
        Security security,
        String username,
        Auth auth,
        boolean verifyCertificate,
        @Nullable String caPem) {

    /** How a login is proven. */
    public enum Auth {
        PASSWORD,
        OAUTH2
    }
}
