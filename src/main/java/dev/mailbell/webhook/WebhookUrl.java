package dev.mailbell.webhook;

import dev.mailbell.network.Host;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A parsed URL of a webhook.
 *
 * @param https false for {@code http}
 * @param port 1–65535; the default of the scheme when the URL names none
 * @param target path and query, at least {@code /}, in ASCII
 */
public record WebhookUrl(boolean https, Host host, int port, String target) {
    /** Characters of a URL at most. */
    public static final int MAX_LENGTH = 2048;

    /**
     * @throws IllegalArgumentException when it is not an absolute {@code http} or {@code https} URL
     *     without user and fragment; the message is for the client and repeats no part of the URL
     */
    public static WebhookUrl parse(String url) {
        if (url.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("must have at most " + MAX_LENGTH + " characters");
        }
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            // Without the cause: its message repeats the URL, which may carry a token.
            throw new IllegalArgumentException(
                    "is not a URL: " + e.getReason() + " at character " + (e.getIndex() + 1));
        }
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw new IllegalArgumentException("must start with https://");
        }
        @Nullable String authority = uri.getRawAuthority();
        if (authority == null) {
            throw new IllegalArgumentException("has no host");
        }
        if (authority.indexOf('@') >= 0) {
            throw new IllegalArgumentException("must not carry a user name or password");
        }
        if (uri.getRawFragment() != null) {
            throw new IllegalArgumentException("must not have a #fragment, which is never sent");
        }
        boolean https = scheme.equals("https");
        // Not URI.getHost(): it is null for IDNs and names with an underscore.
        int colon = authority.lastIndexOf(':');
        boolean withPort = colon > authority.lastIndexOf(']');
        String host = withPort ? authority.substring(0, colon) : authority;
        String port = withPort ? authority.substring(colon + 1) : "";
        if (host.indexOf(':') >= 0 && !host.startsWith("[")) {
            throw new IllegalArgumentException("has an IPv6 address without [ ] around it");
        }
        return new WebhookUrl(https, Host.of(host), port(port, https), target(uri));
    }

    private static int port(String port, boolean https) {
        if (port.isEmpty()) {
            return https ? 443 : 80;
        }
        if (port.length() <= 5 && port.chars().allMatch(c -> c >= '0' && c <= '9')) {
            int number = Integer.parseInt(port);
            if (number >= 1 && number <= 65535) {
                return number;
            }
        }
        throw new IllegalArgumentException("has a port that is not 1 to 65535");
    }

    private static String target(URI uri) {
        URI ascii = URI.create(uri.toASCIIString());
        String path = ascii.getRawPath();
        String query = ascii.getRawQuery();
        return (path.isEmpty() ? "/" : path) + (query == null ? "" : "?" + query);
    }

    public boolean hasDefaultPort() {
        return port == (https ? 443 : 80);
    }

    /** Without path and query, which may carry a token: {@code https://example.org:8443}. */
    @Override
    public String toString() {
        String name = host.toString();
        String bracketed = name.indexOf(':') < 0 ? name : "[" + name + "]";
        return (https ? "https://" : "http://") + bracketed + (hasDefaultPort() ? "" : ":" + port);
    }
}
