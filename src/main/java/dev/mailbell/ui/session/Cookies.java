package dev.mailbell.ui.session;

import dev.mailbell.config.HttpConfig;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.Optional;

/** The cookies of the pages: no script reads them, and no other site sends them. */
public final class Cookies {
    private final boolean alwaysSecure;

    /** Over TLS, or behind a proxy that speaks it, they go over TLS alone. */
    public Cookies(HttpConfig http) {
        this.alwaysSecure = http.tls() != null || http.publicUrl().startsWith("https:");
    }

    public Optional<String> read(Context context, String name) {
        return Optional.ofNullable(context.cookie(name(context, name)))
                .filter(value -> !value.isEmpty());
    }

    /**
     * @param value in characters of Base64url
     */
    public void set(Context context, String name, String value, Duration age) {
        context.res()
                .addHeader(
                        "Set-Cookie",
                        name(context, name)
                                + "="
                                + value
                                + "; Path=/; Max-Age="
                                + age.plusMillis(999).toSeconds()
                                + "; HttpOnly; SameSite=Strict"
                                + (isSecure(context) ? "; Secure" : ""));
    }

    public void remove(Context context, String name) {
        set(context, name, "", Duration.ZERO);
    }

    /** The prefix lets browsers refuse such a cookie from other hosts of the domain. */
    private String name(Context context, String name) {
        return (isSecure(context) ? "__Host-" : "") + name;
    }

    /** A request that claims to have come over TLS can only bind its own cookies to TLS. */
    private boolean isSecure(Context context) {
        return alwaysSecure || "https".equals(context.header("X-Forwarded-Proto"));
    }
}
