package dev.mailbell.api.account.registration;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * The {@code mail} object of a request; null for fields that the request leaves out.
 *
 * @param host in canonical spelling
 * @param secret null only together with an error
 */
public record LoginDraft(
        Protocol protocol,
        @Nullable String host,
        @Nullable Integer port,
        @Nullable Security security,
        @Nullable String username,
        @Nullable LoginSecret secret,
        TlsTrust tls,
        @Nullable String egress) {
    static final LoginDraft NONE =
            new LoginDraft(
                    Protocol.IMAP, null, null, null, null, null, new TlsTrust(true, null), null);
}
