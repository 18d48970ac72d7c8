package dev.mailbell.api.request;

import dev.mailbell.network.Host;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * URLs that a client gives us to speak to: their syntax; whether they are allowed is told later.
 */
public final class UrlSyntax {
    public static final int LONGEST = 2_048;

    private UrlSyntax() {}

    /**
     * @param fault told what is wrong, when something is
     */
    public static Optional<URI> read(String text, Consumer<String> fault) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            fault.accept("must be a URL such as https://example.org/path");
            return Optional.empty();
        }
        Optional<String> wrong = faultOf(uri);
        wrong.ifPresent(fault);
        return wrong.isPresent() ? Optional.empty() : Optional.of(uri);
    }

    private static Optional<String> faultOf(URI uri) {
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            return Optional.of("must begin with https://");
        }
        if (uri.getRawUserInfo() != null) {
            return Optional.of("must not have a user name or a password before the host");
        }
        if (uri.getRawFragment() != null) {
            return Optional.of("must not have a #fragment");
        }
        if (uri.getHost() == null) {
            return Optional.of("must have a host: https://example.org/path");
        }
        if (uri.getPort() == 0 || uri.getPort() > 65_535) {
            return Optional.of("must have a port from 1 to 65535, or none");
        }
        return faultOfHost(uri.getHost());
    }

    private static Optional<String> faultOfHost(String host) {
        try {
            Host.of(host);
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    public static boolean isCleartext(URI uri) {
        return "http".equalsIgnoreCase(uri.getScheme());
    }

    static int port(URI uri) {
        return uri.getPort() > 0 ? uri.getPort() : isCleartext(uri) ? 80 : 443;
    }

    /** Null never: {@link #read} saw to it that there is one. */
    public static String host(URI uri) {
        @Nullable String host = uri.getHost();
        if (host == null) {
            throw new IllegalArgumentException("a URL without a host");
        }
        return host;
    }
}
