package dev.mailbell.mail.connection;

import java.net.SocketAddress;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Sees what passes over connections, as clear text also under TLS, secrets included: code that
 * shows it must redact it. It is called by the thread that uses the connection, and must return
 * soon.
 */
public interface ConnectionObserver {
    /** Sees nothing. */
    ConnectionObserver NONE = new ConnectionObserver() {};

    /** A connection was made; the address is the proxy's where the way out has one. */
    default void connected(@Nullable SocketAddress remote) {}

    /** A TLS handshake succeeded. */
    default void secured(SSLSession session) {}

    /** Octets are about to be sent. */
    default void sent(byte[] octets, int offset, int length) {}

    /** Octets have arrived. */
    default void received(byte[] octets, int offset, int length) {}
}
