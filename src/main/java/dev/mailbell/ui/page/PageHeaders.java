package dev.mailbell.ui.page;

import io.javalin.http.Context;
import java.util.Map;

/** The headers of all pages. The browser runs and loads only what this server sends. */
final class PageHeaders {
    private static final Map<String, String> HEADERS =
            Map.of(
                    "Content-Security-Policy",
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
                            + " connect-src 'self'; form-action 'self'; base-uri 'none';"
                            + " frame-ancestors 'none'",
                    "Cross-Origin-Opener-Policy",
                    "same-origin",
                    "Cross-Origin-Resource-Policy",
                    "same-origin",
                    "Permissions-Policy",
                    "camera=(), geolocation=(), microphone=(), payment=(), usb=()");

    private PageHeaders() {}

    /** Besides those of every answer. */
    static void set(Context context) {
        HEADERS.forEach(context::header);
    }
}
