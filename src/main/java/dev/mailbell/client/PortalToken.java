package dev.mailbell.client;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/** The text of a portal link that opens it once: {@code mbp_} and 256 random bits in Base64url. */
public final class PortalToken {
    private static final String START = "mbp_";
    private static final Pattern TOKEN = Pattern.compile(START + "[A-Za-z0-9_-]{43}");
    private static final int RANDOM_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final String text;

    private PortalToken(String text) {
        this.text = text;
    }

    public static PortalToken random() {
        byte[] random = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(random);
        return new PortalToken(
                START + Base64.getUrlEncoder().withoutPadding().encodeToString(random));
    }

    /** Empty for a text that is no token. */
    public static Optional<PortalToken> parse(String text) {
        return TOKEN.matcher(text).matches()
                ? Optional.of(new PortalToken(text))
                : Optional.empty();
    }

    /** The whole token, for the answer that hands the link out. */
    public String reveal() {
        return text;
    }

    /** The SHA-256, which the database has. */
    public byte[] hash() {
        return KeyText.sha256(text);
    }

    @Override
    public String toString() {
        return "PortalToken[redacted]";
    }
}
