package dev.mailbell.api.http;

import java.util.Map;

/** Headers that every answer has. */
final class ResponseHeaders {
    /** An API's answer is never a page, never framed, never kept by a cache. */
    static final Map<String, String> SECURITY =
            Map.of(
                    "X-Content-Type-Options", "nosniff",
                    "X-Frame-Options", "DENY",
                    "Referrer-Policy", "no-referrer",
                    "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'",
                    "Cache-Control", "no-store");

    private ResponseHeaders() {}
}
