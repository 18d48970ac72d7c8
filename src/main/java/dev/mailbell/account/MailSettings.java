package dev.mailbell.account;

import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * Where an account's mail is and with which user name to log in; the password or grant is stored
 * apart, encrypted.
 *
 * @param auth how the login is proven
 * @param tls how the server proves its identity
 * @param egress the name of the way out; null for that of the provider's profile, if any
 */
public record MailSettings(
        Protocol protocol,
        String host,
        int port,
        Security security,
        String username,
        Auth auth,
        TlsTrust tls,
        @Nullable String egress) {

    public MailSettings {
        String caPem = tls.caPem();
        if (caPem != null) {
            // Thousands of accounts may have the same one, each as read from its own row.
            tls = new TlsTrust(tls.verify(), caPem.intern(), tls.pins());
        }
    }

    /** Without pins and a way out. */
    public MailSettings(
            Protocol protocol,
            String host,
            int port,
            Security security,
            String username,
            Auth auth,
            boolean verifyCertificate,
            @Nullable String caPem) {
        this(
                protocol,
                host,
                port,
                security,
                username,
                auth,
                new TlsTrust(verifyCertificate, caPem),
                null);
    }

    /** How a login is proven. */
    public enum Auth {
        PASSWORD,
        OAUTH2,

        /** Not at all: the account was imported without what proves its login. */
        NONE
    }
}
