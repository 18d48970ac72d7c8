package dev.mailbell.network;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;

/** Gives the HTTP client connections of our own making, so that none passes by the guard. */
record GuardedConnections(GuardedSockets sockets, TlsContexts tls, @Nullable String caPem)
        implements HttpClientConnectionOperator {
    /** The context's attribute that holds the {@link Deadline} of the whole call. */
    static final String DEADLINE = "mailbell.deadline";

    @Override
    public void connect(
            ManagedHttpClientConnection connection,
            HttpHost host,
            @Nullable InetSocketAddress localAddress,
            @Nullable TimeValue connectTimeout,
            SocketConfig socketConfig,
            HttpContext context)
            throws IOException {
        if (!(context.getAttribute(DEADLINE) instanceof Deadline deadline)) {
            throw new IllegalStateException("a call without a deadline");
        }
        boolean https = host.getSchemeName().equals("https");
        int port = host.getPort() > 0 ? host.getPort() : https ? 443 : 80;
        Socket plain = sockets.connect(host.getHostName(), port, deadline);
        // Bound before the handshake, so that a cancelled call closes it.
        connection.bind(plain);
        if (https) {
            SSLSocket secure = tls.wrap(plain, host.getHostName(), port, true, caPem, deadline);
            connection.bind(secure, plain);
        }
    }

    @Override
    public void upgrade(
            ManagedHttpClientConnection connection, HttpHost host, HttpContext context) {
        throw new UnsupportedOperationException("no request goes through a tunnel");
    }
}
