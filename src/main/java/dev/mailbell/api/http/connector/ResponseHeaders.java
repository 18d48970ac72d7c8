package dev.mailbell.api.http.connector;

import java.util.Map;

/** Headers of every answer. */
public final class ResponseHeaders {
    /** An answer of the API is never shown as a page, framed or cached. */
    public static final Map<String, String> SECURITY =
            Map.of(
                    "X-Content-Type-Options", "nosniff",
                    "X-Frame-Options", "DENY",
                    "Referrer-Policy", "no-referrer",
                    "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
                    "Cache-Control", "no-store");

    private ResponseHeaders() {}
}
