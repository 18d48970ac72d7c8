package dev.mailbell.ui.page;

import dev.mailbell.ui.session.Cookies;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/**
 * The tokens of forms that begin a session. A cookie and a field of the form have the same one: the
 * form of another site cannot have the token of the cookie.
 */
public final class FormTokens {
    private static final String COOKIE = "mailbell-form";
    private static final Duration COOKIE_AGE = Duration.ofHours(12);
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int TOKEN_BYTES = 16;
    private static final int MAX_TOKEN = 100;

    /** Says that {@link #isOfThisBrowser} was false. */
    public static final String FAULT = "This form was too old. Try again; cookies must be allowed.";

    private final Cookies cookies;

    FormTokens(Cookies cookies) {
        this.cookies = cookies;
    }

    /** The token for the field {@code csrf} of a form that this answer shows. */
    public String of(Context context) {
        return cookies.read(context, COOKIE)
                .filter(value -> value.length() <= MAX_TOKEN)
                .orElseGet(() -> {
                    String made = random();
                    cookies.set(context, COOKIE, made, COOKIE_AGE);
                    return made;
                });
    }

    private static String random() {
        byte[] token = new byte[TOKEN_BYTES];
        RANDOM.nextBytes(token);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
    }

    /** Whether a form was shown to the browser that sends it. */
    public boolean isOfThisBrowser(Context context, Form form) {
        Optional<String> cookie = cookies.read(context, COOKIE);
        return cookie.isPresent()
                && MessageDigest.isEqual(
                        cookie.get().getBytes(StandardCharsets.UTF_8),
                        form.text("csrf").orElse("").getBytes(StandardCharsets.UTF_8));
    }

    /** Once the form has begun a session. */
    public void remove(Context context) {
        cookies.remove(context, COOKIE);
    }
}
