package dev.mailbell.ui.page;

import dev.mailbell.ui.session.Cookies;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/** A sentence on what an action has done, which the next page shows once. */
final class Notices {
    private static final String COOKIE = "mailbell-notice";
    private static final Duration AGE = Duration.ofSeconds(30);
    private static final int MAX_LENGTH = 500;

    private final Cookies cookies;

    Notices(Cookies cookies) {
        this.cookies = cookies;
    }

    void set(Context context, String text) {
        String shown = text.length() > MAX_LENGTH ? text.substring(0, MAX_LENGTH) + "…" : text;
        cookies.set(
                context,
                COOKIE,
                Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(shown.getBytes(StandardCharsets.UTF_8)),
                AGE);
    }

    /** The sentence for the page that is shown now. */
    Optional<String> take(Context context) {
        Optional<String> cookie = cookies.read(context, COOKIE);
        // What refreshes a part of a page does not show it.
        if (cookie.isEmpty() || context.header("HX-Request") != null) {
            return Optional.empty();
        }
        cookies.remove(context, COOKIE);
        try {
            String text =
                    new String(Base64.getUrlDecoder().decode(cookie.get()), StandardCharsets.UTF_8);
            return Optional.of(text).filter(it -> it.length() <= MAX_LENGTH + 1);
        } catch (IllegalArgumentException notOurs) {
            return Optional.empty();
        }
    }
}
