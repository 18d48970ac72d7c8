package dev.mailbell.api.account;

import dev.mailbell.account.LoginSecret;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import org.jspecify.annotations.Nullable;

/**
 * The {@code mail} of a request, as far as it was given; null for what was not.
 *
 * @param host in its canonical spelling
 * @param secret null only where that is among the faults
 */
record LoginDraft(
        Protocol protocol,
        @Nullable String host,
        @Nullable Integer port,
        @Nullable Security security,
        @Nullable String username,
        @Nullable LoginSecret secret,
        boolean verifyCertificate,
        @Nullable String caPem) {
    static final LoginDraft NONE =
            new LoginDraft(Protocol.IMAP, null, null, null, null, null, true, null);
}
