package dev.mailbell.network.tls;

import java.io.IOException;

/**
 * TLS was not agreed on. The message says what is wrong with the server and may be shown to a
 * client.
 */
public final class TlsException extends IOException {
    /** What the operator of the server, or the client, would have to change. */
    public enum Reason {
        /** The certificate, or one above it, is past its end. */
        EXPIRED,
        /** The certificate begins in the future. */
        NOT_YET_VALID,
        /** No trusted authority signed it; {@code caPem} can name another one. */
        UNKNOWN_AUTHORITY,
        /** It belongs to other names. */
        NAME_MISMATCH,
        /** Anything else about it: too weak, not for servers, malformed. */
        BAD_CERTIFICATE,
        /** No TLS 1.2 or 1.3 spoken, no common cipher, or the connection ended in the handshake. */
        HANDSHAKE
    }

    private final Reason reason;

    TlsException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
