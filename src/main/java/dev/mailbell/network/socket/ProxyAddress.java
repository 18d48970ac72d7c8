package dev.mailbell.network.socket;

import dev.mailbell.network.Host;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A proxy of the operator. Neither {@link #toString} nor any message contains its user or password.
 *
 * @param port 1–65535
 * @param login null for none
 */
public record ProxyAddress(Kind kind, Host host, int port, @Nullable Login login) {
    private static final String HTTP = "http://";
    private static final String SOCKS5 = "socks5://";

    /** RFC 1929 has one octet for each length. */
    private static final int LONGEST_SOCKS_WORD = 255;

    /** The protocol in which the proxy is asked to connect. */
    public enum Kind {
        /** CONNECT (RFC 9110, section 9.3.6). */
        HTTP,
        /** SOCKS version 5 (RFC 1928). */
        SOCKS5
    }

    /** User and password, both secret. */
    public record Login(String user, String password) {
        @Override
        public String toString() {
            return "Login[redacted]";
        }
    }

    /**
     * An HTTP proxy.
     *
     * @param url {@code http://[user:password@]host:port}; user and password may be percent-encoded
     * @throws IllegalArgumentException when it is not; the message repeats no part of it
     */
    public static ProxyAddress parseHttp(String url) {
        if (!url.startsWith(HTTP)) {
            throw wrong("it must start with http://");
        }
        return parse(Kind.HTTP, url.substring(HTTP.length()));
    }

    /**
     * A proxy of any kind.
     *
     * @param url the same, or with {@code socks5://}
     * @throws IllegalArgumentException when it is not; the message repeats no part of it
     */
    public static ProxyAddress parse(String url) {
        if (url.startsWith(SOCKS5)) {
            return parse(Kind.SOCKS5, url.substring(SOCKS5.length()));
        }
        if (!url.startsWith(HTTP)) {
            throw wrong("it must start with socks5:// or http://");
        }
        return parseHttp(url);
    }

    private static ProxyAddress parse(Kind kind, String rest) {
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
                kind,
                host(address.substring(0, colon)),
                port,
                at < 0 ? null : login(kind, rest.substring(0, at)));
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

    private static Login login(Kind kind, String userInfo) {
        int colon = userInfo.indexOf(':');
        if (colon < 1) {
            throw wrong("what stands before @ must be user:password");
        }
        String user = decoded(userInfo.substring(0, colon));
        String password = decoded(userInfo.substring(colon + 1));
        if (kind == Kind.HTTP && user.indexOf(':') >= 0) {
            throw wrong("its user must not hold a colon");
        }
        if (kind == Kind.SOCKS5 && !(fitsSocks(user) && fitsSocks(password))) {
            throw wrong("user and password of SOCKS must have 1 to 255 bytes each");
        }
        return new Login(user, password);
    }

    private static boolean fitsSocks(String word) {
        int octets = word.getBytes(StandardCharsets.UTF_8).length;
        return octets >= 1 && octets <= LONGEST_SOCKS_WORD;
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
