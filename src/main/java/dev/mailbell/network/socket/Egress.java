package dev.mailbell.network.socket;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * A way out of the network that the operator named: through a proxy, from a local address, or both.
 *
 * @param name as in {@code network.egress}
 * @param proxy null for a direct connection
 * @param local the address to connect from; null for any
 * @param proxyResolves whether the proxy gets the name of a host; otherwise it gets an address that
 *     was looked up and checked here
 */
public record Egress(
        String name,
        @Nullable ProxyAddress proxy,
        @Nullable InetAddress local,
        boolean proxyResolves) {

    public Egress {
        if (proxy == null && local == null) {
            throw new IllegalArgumentException("a way out has a proxy or a local address");
        }
    }
}
