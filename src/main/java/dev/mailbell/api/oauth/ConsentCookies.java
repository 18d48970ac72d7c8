package dev.mailbell.api.oauth;

import io.javalin.http.Context;
import java.util.Optional;

/** The cookies that bind consents to browsers, one for each link. */
final class ConsentCookies {
    private static final String NAME = "mailbell-consent-";

    private final boolean secure;

    /**
     * @param secure whether browsers reach the pages over https
     */
    ConsentCookies(boolean secure) {
        this.secure = secure;
    }

    /** The cookie of the link with this tag. */
    Optional<ConsentToken> read(Context context, String tag) {
        return Optional.ofNullable(context.cookie(name(tag)))
                .flatMap(ConsentToken::ofCookie)
                .filter(token -> ConsentToken.tag(token.token()).equals(tag));
    }

    void set(Context context, ConsentToken token, long seconds) {
        write(context, token, token.cookie(), seconds);
    }

    void remove(Context context, ConsentToken token) {
        write(context, token, "", 0);
    }

    /** Lax, because the provider's redirect comes from another site. */
    private void write(Context context, ConsentToken token, String value, long seconds) {
        context.header(
                "Set-Cookie",
                name(ConsentToken.tag(token.token()))
                        + "="
                        + value
                        + "; Path=/; Max-Age="
                        + seconds
                        + "; HttpOnly; SameSite=Lax"
                        + (secure ? "; Secure" : ""));
    }

    /** The prefix lets browsers refuse such a cookie from other hosts of the domain. */
    private String name(String tag) {
        return (secure ? "__Host-" : "") + NAME + tag;
    }
}
