package dev.mailbell.cli.api;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Builds paths and queries of requests. */
public final class Parameters {
    private final StringBuilder query = new StringBuilder();

    /** A path with its segments encoded: {@code path("/v1/accounts", id, "pause")}. */
    public static String path(String base, String... segments) {
        StringBuilder path = new StringBuilder(base);
        for (String segment : segments) {
            path.append('/').append(encoded(segment));
        }
        return path.toString();
    }

    /** Adds a parameter, unless its value is null. */
    public Parameters with(String name, @Nullable Object value) {
        if (value != null) {
            query.append(query.isEmpty() ? '?' : '&')
                    .append(encoded(name))
                    .append('=')
                    .append(encoded(value.toString()));
        }
        return this;
    }

    /** To be appended to a path: empty, or with its question mark. */
    @Override
    public String toString() {
        return query.toString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
