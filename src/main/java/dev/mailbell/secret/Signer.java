package dev.mailbell.secret;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signatures of Standard Webhooks 1.0.0 ("Signature scheme"): {@code v1,} and the base64 of the
 * HMAC-SHA256 over {@code id.timestamp.body}, one for each valid secret.
 */
public final class Signer {
    private static final String PREFIX = "whsec_";
    private static final int GENERATED_BYTES = 32;
    private static final int MIN_BYTES = 24;
    private static final int MAX_BYTES = 64;
    private static final SecureRandom RANDOM = new SecureRandom();

    private Signer() {}

    /** A new secret: {@code whsec_} and the base64 of 32 random bytes. */
    public static Secret newSecret() {
        byte[] bytes = new byte[GENERATED_BYTES];
        RANDOM.nextBytes(bytes);
        return Secret.of(PREFIX + Base64.getEncoder().encodeToString(bytes));
    }

    /**
     * The {@code webhook-signature} header.
     *
     * @param secrets the valid ones, at least one; two during a rotation
     * @param id the {@code webhook-id}
     * @param timestamp of this attempt; its whole seconds are signed and sent
     * @param body the exact bytes sent
     * @throws IllegalArgumentException when a secret is not {@code whsec_} and base64 of 24 to 64
     *     bytes
     */
    public static String signature(
            List<Secret> secrets, String id, Instant timestamp, byte[] body) {
        if (secrets.isEmpty()) {
            throw new IllegalArgumentException("a webhook without a secret cannot be signed for");
        }
        byte[] head =
                (id + "." + timestamp.getEpochSecond() + ".").getBytes(StandardCharsets.UTF_8);
        return secrets.stream()
                .map(secret -> "v1," + mac(key(secret), head, body))
                .collect(Collectors.joining(" "));
    }

    /** Whether a text is {@code whsec_} and the base64 of 24 to 64 bytes. */
    public static boolean isSecret(String text) {
        return text.startsWith(PREFIX) && hasKeyLength(decode(text.substring(PREFIX.length())));
    }

    private static boolean hasKeyLength(byte[] key) {
        return key.length >= MIN_BYTES && key.length <= MAX_BYTES;
    }

    private static byte[] key(Secret secret) {
        String text = secret.reveal();
        if (text.startsWith(PREFIX)) {
            byte[] key = decode(text.substring(PREFIX.length()));
            if (hasKeyLength(key)) {
                return key;
            }
        }
        throw new IllegalArgumentException(
                "a webhook secret is whsec_ and the base64 of 24 to 64 bytes");
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            // Without the cause, which quotes a character of the secret.
            return new byte[0];
        }
    }

    private static String mac(byte[] key, byte[] head, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(head);
            return Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA256", e);
        }
    }
}
