package dev.mailbell.ui.session;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;

/**
 * A session of a browser, as its cookie has it. What it may do is asked anew at every request.
 *
 * @param kind what the session rests on, such as {@link Sessions#KEY}
 * @param subject names it among those of its kind: of a key its hash
 * @param formToken in every form of the session, and in no page of another host
 * @param expiresAt from then on it is over
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
public record Session(UUID id, String kind, byte[] subject, byte[] formToken, Instant expiresAt) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int TOKEN_BYTES = 16;

    /** A new session. */
    public static Session begin(String kind, byte[] subject, Instant expiresAt) {
        byte[] token = new byte[TOKEN_BYTES];
        RANDOM.nextBytes(token);
        return new Session(UUID.randomUUID(), kind, subject, token, expiresAt);
    }

    /** The token as forms have it. */
    public String formText() {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(formToken);
    }

    /** Whether a form has the token of this session. */
    public boolean hasFormText(String given) {
        return MessageDigest.isEqual(
                given.getBytes(StandardCharsets.UTF_8),
                formText().getBytes(StandardCharsets.UTF_8));
    }

    /** Without token and subject. */
    @Override
    public String toString() {
        return "Session[" + id + ", " + kind + ", until " + expiresAt + "]";
    }
}
