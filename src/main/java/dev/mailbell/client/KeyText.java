package dev.mailbell.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * The text of a client's key: {@code mbk_}, then 192 random bits and their CRC-32 in Base64url. The
 * checksum lets a mistyped key be refused without a look into the database.
 */
public final class KeyText {
    private static final String START = "mbk_";
    private static final int RANDOM_BYTES = 24;
    private static final int BYTES = RANDOM_BYTES + Integer.BYTES;
    private static final int LENGTH = START.length() + (BYTES * 8 + 5) / 6;

    /** Reveals 36 of the 192 bits. */
    private static final int SHOWN = START.length() + 6;

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    private final String text;

    private KeyText(String text) {
        this.text = text;
    }

    public static KeyText random() {
        byte[] random = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(random);
        return of(random);
    }

    private static KeyText of(byte[] random) {
        CRC32 checksum = new CRC32();
        checksum.update(random);
        byte[] bytes =
                ByteBuffer.allocate(BYTES).put(random).putInt((int) checksum.getValue()).array();
        return new KeyText(START + ENCODER.encodeToString(bytes));
    }

    /** Empty for a text that is no key or that is mistyped. */
    public static Optional<KeyText> parse(String text) {
        if (text.length() != LENGTH || !text.startsWith(START)) {
            return Optional.empty();
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text.substring(START.length()));
            byte[] random = new byte[RANDOM_BYTES];
            ByteBuffer.wrap(bytes).get(random);
            // Encoded again, because the decoder ignores the last character's unused bits.
            KeyText key = of(random);
            return key.text.equals(text) ? Optional.of(key) : Optional.empty();
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    /** The whole key, for the answer that hands it out. */
    public String reveal() {
        return text;
    }

    /** The beginning of the key, by which its owner recognises it. */
    public String shown() {
        return text.substring(0, SHOWN);
    }

    /** The SHA-256, which the database has. A salt would add nothing to 192 random bits. */
    public byte[] hash() {
        return sha256(text);
    }

    public static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /** Without the key. */
    @Override
    public String toString() {
        return shown() + "…";
    }
}
