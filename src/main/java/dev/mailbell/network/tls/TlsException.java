package dev.mailbell.network.tls;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The TLS handshake failed. The message says what is wrong with the server and may be shown to a
 * client.
 */
public final class TlsException extends IOException {
    /** What the operator of the server, or the client, has to correct. */
    public enum Reason {
        /** The certificate, or one that signed it, has expired. */
        EXPIRED,
        /** The certificate is not valid yet. */
        NOT_YET_VALID,
        /** No trusted authority signed it; {@code caPem} can name another one. */
        UNKNOWN_AUTHORITY,
        /** The certificate is for other names. */
        NAME_MISMATCH,
        /** The server's key is none of the pinned ones. */
        WRONG_KEY,
        /** Any other fault of the certificate: too weak, not for servers, malformed. */
        BAD_CERTIFICATE,
        /** No TLS 1.2 or 1.3, no common cipher, or the connection ended in the handshake. */
        HANDSHAKE
    }

    private final Reason reason;

    TlsException(Reason reason, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
