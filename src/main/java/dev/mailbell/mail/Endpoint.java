package dev.mailbell.mail;

import dev.mailbell.network.socket.Egress;
import dev.mailbell.network.tls.TlsTrust;
import org.jspecify.annotations.Nullable;

/**
 * A mail server and how it is reached.
 *
 * @param host name or literal address; the certificate is checked against it
 * @param port 1 to 65,535
 * @param tls how the server proves its identity
 * @param egress the way out of connections to it; null for direct ones
 */
public record Endpoint(
        String host, int port, Security security, TlsTrust tls, @Nullable Egress egress) {

    public Endpoint {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port out of range: " + port);
        }
    }

    /** The host with its port: two servers may share a name. */
    public String server() {
        return host + ":" + port;
    }
}
