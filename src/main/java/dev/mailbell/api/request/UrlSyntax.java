package dev.mailbell.api.request;

import dev.mailbell.network.Host;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The syntax of URLs in requests. Whether the URL's host is allowed is checked elsewhere. */
public final class UrlSyntax {
    public static final int MAX_LENGTH = 2_048;

    private UrlSyntax() {}

    /**
     * @param onError receives the error message of a URL that does not fit
     */
    public static Optional<URI> read(String text, Consumer<String> onError) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            onError.accept("must be a URL such as https://example.org/path");
            return Optional.empty();
        }
        Optional<String> error = errorOf(uri);
        error.ifPresent(onError);
        return error.isPresent() ? Optional.empty() : Optional.of(uri);
    }

    private static Optional<String> errorOf(URI uri) {
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
        return errorOfHost(uri.getHost());
    }

    private static Optional<String> errorOfHost(String host) {
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

    /** The URL's host; {@link #read} accepts no URL without one. */
    public static String host(URI uri) {
        @Nullable String host = uri.getHost();
        if (host == null) {
            throw new IllegalArgumentException("the URL has no host");
        }
        return host;
    }
}
