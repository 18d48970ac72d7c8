package dev.mailbell.network.socket;

import dev.mailbell.network.Deadline;
import dev.mailbell.network.Host;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.address.BlockedAddressException;
import dev.mailbell.network.socket.ProxyDialogue.Target;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Connects to hosts by one way out. Addresses of hosts are checked by the guard; those of the way
 * itself are the operator's.
 */
final class EgressRoute {
    private final AddressGuard guard;
    private final Egress egress;

    EgressRoute(AddressGuard guard, Egress egress) {
        this.guard = guard;
        this.egress = egress;
    }

    /** Connects as {@link GuardedSockets#connect(String, int, Egress, Deadline)} says. */
    Socket connect(String host, int port, Deadline deadline) throws IOException {
        ProxyAddress proxy = egress.proxy();
        if (proxy == null) {
            return direct(host, port, deadline);
        }
        String name = "the proxy of the way out \"" + egress.name() + "\"";
        ProxyTunnel tunnel = new ProxyTunnel(guard, proxy, name);
        return tunnelled(tunnel, name, targets(tunnel, host, port, deadline), deadline);
    }

    private Socket direct(String host, int port, Deadline deadline) throws IOException {
        try {
            return GuardedSockets.connect(
                    host, port, reachable(host, deadline), egress.local(), deadline);
        } catch (ConnectException e) {
            if (e.getCause() instanceof BindException unusable) {
                throw ProxyException.of(
                        "the way out \"" + egress.name() + "\"",
                        "cannot use its local address: " + unusable.getMessage(),
                        e);
            }
            throw e;
        }
    }

    /** The addresses of the host that may be connected to from the local address. */
    private List<InetAddress> reachable(String host, Deadline deadline) throws IOException {
        List<InetAddress> allowed = guard.resolve(host, deadline);
        InetAddress local = egress.local();
        if (local == null || egress.proxy() != null) {
            return allowed;
        }
        List<InetAddress> sameFamily =
                allowed.stream().filter(it -> it.getClass() == local.getClass()).toList();
        if (sameFamily.isEmpty()) {
            throw new UnknownHostException(
                    host
                            + " has no address of the kind (IPv4 or IPv6) of the way out \""
                            + egress.name()
                            + "\"");
        }
        return sameFamily;
    }

    private List<Target> targets(ProxyTunnel tunnel, String host, int port, Deadline deadline)
            throws IOException {
        if (egress.proxyResolves() && Host.of(host).literal().isEmpty()) {
            requireNameOfOutside(host);
            tunnel.requireAllowed(host, port, true, deadline);
            return List.of(new Target(host, null, port));
        }
        return reachable(host, deadline).stream()
                .limit(GuardedSockets.ADDRESSES_TRIED)
                .map(address -> new Target(host, address, port))
                .toList();
    }

    /** A name without a dot, such as localhost, means a host of the proxy's own network. */
    private static void requireNameOfOutside(String host) throws BlockedAddressException {
        String name = Host.of(host).toString();
        if (name.indexOf('.') < 0 || name.endsWith(".localhost")) {
            throw BlockedAddressException.ofProxyNetwork(name);
        }
    }

    private Socket tunnelled(
            ProxyTunnel tunnel, String name, List<Target> targets, Deadline deadline)
            throws IOException {
        @Nullable IOException last = null;
        for (int i = 0; i < targets.size() && !deadline.isPast(); i++) {
            Deadline part = deadline.atMost(deadline.remaining().dividedBy(targets.size() - i));
            Socket socket = tunnel.dial(egress.local(), part);
            Target target = targets.get(i);
            try {
                tunnel.open(socket, target, part);
                return socket;
            } catch (SocketTimeoutException e) {
                last =
                        ProxyException.ofEither(
                                name, "did not connect to " + target + " in time", e);
            } catch (ConnectException e) {
                last = e;
            } catch (ProxyException e) {
                if (!e.isWorthAnother()) {
                    throw e;
                }
                last = e;
            }
        }
        if (last == null) {
            throw new SocketTimeoutException("no time was left for " + name);
        }
        throw last;
    }
}
