package dev.mailbell.api.oauth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The secrets of one consent link in one browser. The link has a random token, of which the
 * database has the hash alone. The browser that opens the link gets a random key in a cookie. State
 * and PKCE verifier are derived from both, so that neither is stored, and another browser cannot
 * end what this one began.
 *
 * @param token of the link
 * @param key of the browser
 */
record ConsentToken(String token, String key) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int BYTES = 32;
    private static final String TEXT = "[A-Za-z0-9_-]{43}";
    private static final Pattern TOKEN = Pattern.compile(TEXT);
    private static final Pattern COOKIE = Pattern.compile("(" + TEXT + ")\\.(" + TEXT + ")");
    private static final Pattern STATE = Pattern.compile("([A-Za-z0-9_-]{16})\\." + TEXT);
    private static final int TAG_LENGTH = 16;

    /** A new random text of 256 bits. */
    static String random() {
        byte[] bytes = new byte[BYTES];
        RANDOM.nextBytes(bytes);
        return encode(bytes);
    }

    static boolean isToken(String text) {
        return TOKEN.matcher(text).matches();
    }

    /** What the database has of a token. */
    static byte[] hash(String token) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(token.getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    byte[] hash() {
        return hash(token);
    }

    /** Names the cookie of a link, so that a browser can open several. */
    static String tag(String token) {
        return encode(hash(token)).substring(0, TAG_LENGTH);
    }

    /** The tag in a state; empty when it is none. */
    static Optional<String> tagOf(String state) {
        Matcher matcher = STATE.matcher(state);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    static Optional<ConsentToken> ofCookie(String value) {
        Matcher matcher = COOKIE.matcher(value);
        return matcher.matches()
                ? Optional.of(new ConsentToken(matcher.group(1), matcher.group(2)))
                : Optional.empty();
    }

    String cookie() {
        return token + "." + key;
    }

    String state() {
        return tag(token) + "." + derived("state");
    }

    /** Compares in constant time. */
    boolean hasState(String state) {
        return MessageDigest.isEqual(
                state().getBytes(StandardCharsets.US_ASCII),
                state.getBytes(StandardCharsets.UTF_8));
    }

    /** Of PKCE (RFC 7636, §4.1). */
    String verifier() {
        return derived("verifier");
    }

    private String derived(String purpose) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(
                    new SecretKeySpec(key.getBytes(StandardCharsets.US_ASCII), mac.getAlgorithm()));
            return encode(mac.doFinal((purpose + "." + token).getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA256", e);
        }
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public String toString() {
        return "ConsentToken[redacted]";
    }
}
