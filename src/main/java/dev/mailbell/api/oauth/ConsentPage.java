package dev.mailbell.api.oauth;

import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;

/**
 * A page for the owner of a mailbox: a title and a sentence, no script, nothing from other hosts.
 *
 * @param status of HTTP
 * @param title plain text
 * @param text plain text
 */
record ConsentPage(int status, String title, String text) {
    private static final String STYLE =
            "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}";
    private static final String POLICY =
            "default-src 'none'; style-src 'sha256-"
                    + sha256(STYLE)
                    + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    void write(Context context) {
        context.status(status)
                .header("Content-Security-Policy", POLICY)
                .contentType("text/html; charset=utf-8")
                .result(
                        """
                        <!DOCTYPE html>
                        <html lang="en"><head><meta charset="utf-8">
                        <meta name="viewport" content="width=device-width">
                        <title>%s</title><style>%s</style></head>
                        <body><h1>%s</h1><p>%s</p></body></html>
                        """
                                .formatted(escaped(title), STYLE, escaped(title), escaped(text)));
    }

    static String escaped(String text) {
        StringBuilder html = new StringBuilder();
        text.codePoints()
                .forEach(c -> {
                    switch (c) {
                        case '&' -> html.append("&amp;");
                        case '<' -> html.append("&lt;");
                        case '>' -> html.append("&gt;");
                        case '"' -> html.append("&quot;");
                        case '\'' -> html.append("&#39;");
                        default -> html.appendCodePoint(Character.isISOControl(c) ? ' ' : c);
                    }
                });
        return html.toString();
    }

    private static String sha256(String text) {
        try {
            return Base64.getEncoder()
                    .encodeToString(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
