package dev.mailbell.network.socket;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.address.LookupsBusyException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Opens TCP connections to addresses that the guard allows, and to no others. */
public final class GuardedSockets {
    /** No route, descriptors, ports or memory, IPv6 switched off, a filter of this host. */
    private static final List<String> OF_THIS_HOST =
            List.of(
                    "Network is unreachable",
                    "Too many open files",
                    "Cannot assign requested address",
                    "Address family not supported",
                    "No buffer space available",
                    "Operation not permitted",
                    "Permission denied");

    /** Those of them that an address leads to for which this host has no network. */
    private static final List<String> NO_WAY =
            List.of(
                    "Network is unreachable",
                    "Cannot assign requested address",
                    "Address family not supported");

    // A name may have dozens of addresses; four dead ones are enough to give up.
    static final int ADDRESSES_TRIED = 4;

    private final AddressGuard guard;

    public GuardedSockets(AddressGuard guard) {
        this.guard = guard;
    }

    /**
     * Connects to the first address of the host that answers. The time left is divided among the
     * addresses still to be tried, so that a dead first one does not use it all.
     *
     * @return a connected socket with TCP_NODELAY and keep-alive, without a read timeout
     * @throws BlockedAddressException when the guard refuses every address
     * @throws java.net.UnknownHostException when the host has no address
     * @throws SocketTimeoutException when the deadline passed first
     * @throws LookupsBusyException when too many lookups wait already
     * @throws ConnectException or another IOException when no address accepted the connection
     */
    public Socket connect(String host, int port, Deadline deadline) throws IOException {
        return connect(
                host, port, guard.resolve(requirePort(host, port), deadline), null, deadline);
    }

    /**
     * The same by an egress.
     *
     * @param egress null for a direct connection
     * @throws ProxyException when the proxy of the egress fails
     */
    public Socket connect(String host, int port, @Nullable Egress egress, Deadline deadline)
            throws IOException {
        return egress == null
                ? connect(host, port, deadline)
                : new EgressRoute(guard, egress).connect(requirePort(host, port), port, deadline);
    }

    /**
     * The same, but for ports that are open only at addresses of {@code network.allowPrivate}.
     *
     * @throws BlockedAddressException also when {@code allowPrivate} covers none of the addresses
     */
    public Socket connectInAllowPrivate(String host, int port, Deadline deadline)
            throws IOException {
        List<InetAddress> allowed =
                guard.resolve(requirePort(host, port), deadline).stream()
                        .filter(guard::isInAllowPrivate)
                        .toList();
        if (allowed.isEmpty()) {
            throw new BlockedAddressException(host, port);
        }
        return connect(host, port, allowed, null, deadline);
    }

    private static String requirePort(String host, int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("a port is 1 to 65535, not " + port);
        }
        return host;
    }

    /**
     * Connections through the proxy of {@code network.proxy}, whose own address the guard does not
     * check.
     */
    public ProxyTunnel through(ProxyAddress proxy) {
        return new ProxyTunnel(guard, proxy, "the proxy of network.proxy");
    }

    static Socket connect(
            String host,
            int port,
            List<InetAddress> allowed,
            @Nullable InetAddress local,
            Deadline deadline)
            throws IOException {
        int tries = Math.min(ADDRESSES_TRIED, allowed.size());
        @Nullable IOException last = null;
        for (int i = 0; i < tries && !deadline.isPast(); i++) {
            try {
                int millis = Math.max(1, deadline.remainingMillisAtLeastOne() / (tries - i));
                return open(new InetSocketAddress(allowed.get(i), port), local, millis);
            } catch (IOException e) {
                last = moreTelling(last, e);
            }
        }
        throw failure(host, port, last, allowed.subList(0, tries), LocalIpv6::isThere);
    }

    /**
     * Of two failures the one to report. One of this host, such as IPv6 without a route, says less
     * than how another address answered.
     */
    static IOException moreTelling(@Nullable IOException before, IOException next) {
        return before != null && isOfThisHost(String.valueOf(next.getMessage())) ? before : next;
    }

    /** Whether the message of a failure to connect names a fault of this host or its network. */
    public static boolean isOfThisHost(String message) {
        return OF_THIS_HOST.stream().anyMatch(message::contains);
    }

    private static Socket open(InetSocketAddress address, @Nullable InetAddress local, int millis)
            throws IOException {
        // NO_PROXY: a socksProxyHost among the JVM's properties would bypass the guard.
        Socket socket = new Socket(Proxy.NO_PROXY);
        try {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            if (local != null) {
                socket.bind(new InetSocketAddress(local, 0));
            }
            socket.connect(address, millis);
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * The failure to report.
     *
     * @param hasIpv6 whether this host could reach addresses of IPv6
     */
    static IOException failure(
            String host,
            int port,
            @Nullable IOException last,
            List<InetAddress> tried,
            BooleanSupplier hasIpv6) {
        String where = host + ":" + port;
        if (last == null || last instanceof SocketTimeoutException) {
            SocketTimeoutException late =
                    new SocketTimeoutException(where + " did not take the connection in time");
            late.initCause(last);
            return late;
        }
        String message = String.valueOf(last.getMessage());
        if (NO_WAY.stream().anyMatch(message::contains)
                && tried.stream().allMatch(LocalIpv6::isGlobal)
                && !hasIpv6.getAsBoolean()) {
            // It stays so: as a passing fault of this host it would be tried for ever.
            message = "the host has addresses of IPv6 alone, and this node has none";
        }
        ConnectException refused = new ConnectException(where + ": " + message);
        refused.initCause(last);
        return refused;
    }
}
