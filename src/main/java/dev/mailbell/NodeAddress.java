package dev.mailbell;

import dev.mailbell.cluster.Node;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.HttpConfig;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where other nodes reach the API of this one. */
final class NodeAddress {
    private static final Logger LOG = LoggerFactory.getLogger(NodeAddress.class);

    private NodeAddress() {}

    /**
     * The configured address, or the one that the API listens on.
     *
     * @param port that the API is bound to
     * @return null when there is no such address
     */
    static @Nullable URI of(Configuration configuration, int port) {
        return of(configuration, port, Node.hostName());
    }

    static @Nullable URI of(Configuration configuration, int port, String hostName) {
        if (!configuration.cluster().address().isEmpty()) {
            return URI.create(configuration.cluster().address());
        }
        HttpConfig http = configuration.http();
        boolean everywhere = http.host().equals("0.0.0.0") || http.host().equals("::");
        String scheme = http.tls() == null ? "http" : "https";
        String host = everywhere ? hostName : http.host();
        try {
            URI address = new URI(scheme, null, host, port, null, null, null);
            if (address.getHost() != null) {
                return address;
            }
        } catch (URISyntaxException e) {
            LOG.debug("No host of a URL: {}", host);
        }
        LOG.warn(
                "Other nodes cannot reach this one at \"{}\", which is no host of a URL: set cluster.address",
                host);
        return null;
    }
}
