package dev.mailbell.mail.connection;

import java.net.SocketAddress;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** Two observers of one connection. */
record ObserverPair(ConnectionObserver first, ConnectionObserver second)
        implements ConnectionObserver {
    @Override
    public void connected(@Nullable SocketAddress remote) {
        first.connected(remote);
        second.connected(remote);
    }

    @Override
    public void secured(SSLSession session) {
        first.secured(session);
        second.secured(session);
    }

    @Override
    public void sent(byte[] octets, int offset, int length) {
        first.sent(octets, offset, length);
        second.sent(octets, offset, length);
    }

    @Override
    public void received(byte[] octets, int offset, int length) {
        first.received(octets, offset, length);
        second.received(octets, offset, length);
    }
}
