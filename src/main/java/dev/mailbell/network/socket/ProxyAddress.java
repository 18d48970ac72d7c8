package dev.mailbell.network.socket;

import dev.mailbell.network.Host;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The operator's outgoing HTTP proxy. Neither {@link #toString} nor any message contains its user
 * or password.
 *
 * @param port 1–65535
 * @param authorization the value of {@code Proxy-Authorization} (RFC 7617), a secret; empty for
 *     none
 */
public record ProxyAddress(Host host, int port, String authorization) {
    private static final String SCHEME = "http://";

    /**
     * @param url {@code http://[user:password@]host:port}; user and password may be percent-encoded
     * @throws IllegalArgumentException when it is not; the message repeats no part of it
     */
    public static ProxyAddress parse(String url) {
        if (!url.startsWith(SCHEME)) {
            throw wrong("it must start with http://");
        }
        String rest = url.substring(SCHEME.length());
        // The last one, because a password may contain others.
        int at = rest.lastIndexOf('@');
        String address = rest.substring(at + 1);
        if (address.endsWith("/")) {
            address = address.substring(0, address.length() - 1);
        }
        int colon = address.lastIndexOf(':');
        if (colon < 0 || colon < address.lastIndexOf(']')) {
            throw wrong("it must name a port");
        }
        int port = port(address.substring(colon + 1));
        return new ProxyAddress(
                host(address.substring(0, colon)),
                port,
                at < 0 ? "" : authorization(rest.substring(0, at)));
    }

    private static Host host(String host) {
        boolean bareIpv6 = host.indexOf(':') >= 0 && !host.startsWith("[");
        try {
            if (!bareIpv6) {
                return Host.of(host);
            }
        } catch (IllegalArgumentException e) {
            // Without the cause, which would repeat text that may be a misplaced password.
            throw wrong("its host is neither a name nor an address");
        }
        throw wrong("its IPv6 address must have [ ] around it");
    }

    private static int port(String port) {
        if (port.matches("[0-9]{1,5}")) {
            int number = Integer.parseInt(port);
            if (number >= 1 && number <= 65535) {
                return number;
            }
        }
        throw wrong("its port must be 1 to 65535");
    }

    private static String authorization(String userInfo) {
        int colon = userInfo.indexOf(':');
        if (colon < 1) {
            throw wrong("what stands before @ must be user:password");
        }
        String user = decoded(userInfo.substring(0, colon));
        if (user.indexOf(':') >= 0) {
            throw wrong("its user must not hold a colon");
        }
        String both = user + ":" + decoded(userInfo.substring(colon + 1));
        return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.UTF_8));
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // Without the cause, whose message repeats the text.
            throw wrong("a % in user or password must be written as %25");
        }
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(
                "must be like http://user:password@proxy.example.org:3128: " + what);
    }

    /** Without user and password: {@code proxy.example.org:3128}. */
    @Override
    public String toString() {
        return authority(host.toString(), port);
    }

    /** A host and port as in a URL. */
    static String authority(String host, int port) {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
