package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * This daemon as a node of a cluster.
 *
 * @param nodeName its name in logs and for other nodes; empty for the host's name
 * @param address the URL at which other nodes reach its API, without a slash at the end; empty for
 *     the one that follows from {@code http}
 */
public record ClusterConfig(String nodeName, String address) {
    static ClusterConfig read(ConfigurationSection section, HttpConfig http) {
        String address = section.string("address", "");
        String scheme = http.tls() == null ? "http" : "https";
        String url =
                address.isEmpty() || address.contains("://") ? address : scheme + "://" + address;
        if (!url.isEmpty() && !isServer(url)) {
            section.fault(
                    "address",
                    "must be host:port or a URL without path, such as https://node1.example.org:2177");
        }
        ClusterConfig config =
                new ClusterConfig(
                        section.string("nodeName", ""),
                        url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
        section.rejectUnknown();
        return config;
    }

    private static boolean isServer(String url) {
        try {
            URI uri = new URI(url);
            String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
            return uri.getHost() != null
                    && (scheme.equals("https") || scheme.equals("http"))
                    && uri.getRawUserInfo() == null
                    && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"))
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
