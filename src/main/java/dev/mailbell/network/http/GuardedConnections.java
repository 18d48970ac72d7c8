package dev.mailbell.network.http;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.socket.GuardedSockets;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.socket.ProxyTunnel;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.function.IntPredicate;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.io.HttpClientConnectionOperator;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.HttpConnectionFactory;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;

/**
 * Connects the HTTP client through guarded sockets. The client's own connection operator would try
 * addresses and proxies that the guard has not checked, and name them in its messages.
 */
public final class GuardedConnections implements HttpClientConnectionOperator {
    /** The context attribute with the {@link Deadline} of the whole call. */
    public static final String DEADLINE = "mailbell.deadline";

    /** The context attribute that is set when the call opened a new connection. */
    public static final String FRESH = "mailbell.fresh";

    /**
     * Bound by a thread whose call needs a new connection; kept ones that the pool offers are
     * closed.
     */
    public static final ScopedValue<Boolean> NEW_ONLY = ScopedValue.newInstance();

    private final GuardedSockets sockets;
    private final TlsContexts tls;
    private final @Nullable String caPem;
    private final IntPredicate openAnywhere;
    private final @Nullable ProxyTunnel tunnel;

    /**
     * @param caPem authorities to trust besides the platform's; null for none
     * @param openAnywhere which ports may be connected to at any allowed address; the others only
     *     at addresses that {@code network.allowPrivate} covers
     * @param proxy the proxy for all connections; null for none
     */
    public GuardedConnections(
            GuardedSockets sockets,
            TlsContexts tls,
            @Nullable String caPem,
            IntPredicate openAnywhere,
            @Nullable ProxyAddress proxy) {
        this.sockets = sockets;
        this.tls = tls;
        this.caPem = caPem;
        this.openAnywhere = openAnywhere;
        this.tunnel = proxy == null ? null : sockets.through(proxy);
    }

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
        context.setAttribute(FRESH, true);
        boolean https = host.getSchemeName().equals("https");
        int port = host.getPort() > 0 ? host.getPort() : https ? 443 : 80;
        String name = host.getHostName();
        Socket plain = dial(name, port, deadline);
        // Bound before the handshake, so that a cancelled call closes it.
        connection.bind(plain);
        if (tunnel != null) {
            tunnel.open(plain, name, port, deadline);
        }
        if (https) {
            SSLSocket secure = tls.wrap(plain, name, port, true, caPem, deadline);
            connection.bind(secure, plain);
        }
    }

    /**
     * Makes the connections that the client keeps: they limit the octets of a response, and are
     * examined before each further request.
     *
     * @param maxBodyOctets limit of a chunked body on the wire, framing included
     */
    public static HttpConnectionFactory<ManagedHttpClientConnection> kept(int maxBodyOctets) {
        return GuardedConnection.factory(maxBodyOctets, System::nanoTime);
    }

    private Socket dial(String host, int port, Deadline deadline) throws IOException {
        boolean anywhere = openAnywhere.test(port);
        if (tunnel != null) {
            return tunnel.dial(host, port, anywhere, deadline);
        }
        return anywhere
                ? sockets.connect(host, port, deadline)
                : sockets.connectInAllowPrivate(host, port, deadline);
    }

    @Override
    public void upgrade(
            ManagedHttpClientConnection connection, HttpHost host, HttpContext context) {
        throw new UnsupportedOperationException("no request goes through a tunnel");
    }
}
