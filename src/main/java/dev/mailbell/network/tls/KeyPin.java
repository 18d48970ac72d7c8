package dev.mailbell.network.tls;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The public key of a server as a pin: the SHA-256 of its SubjectPublicKeyInfo, as RFC 7469
 * (section 2.4) defines it. A new certificate for the same key has the same pin.
 *
 * @param base64 the digest in Base64, 44 characters
 */
public record KeyPin(String base64) {
    private static final int OCTETS = 32;
    private static final String RULE =
            "must be the SHA-256 of the server's public key (SubjectPublicKeyInfo), in Base64 or"
                    + " hexadecimal";

    /**
     * Reads a pin.
     *
     * @param text Base64, or hexadecimal with or without colons
     * @throws IllegalArgumentException when it is neither
     */
    public static KeyPin parse(String text) {
        String hex = text.replace(":", "");
        byte[] digest;
        try {
            digest =
                    hex.length() == 2 * OCTETS
                            ? HexFormat.of().parseHex(hex)
                            : Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(RULE, e);
        }
        if (digest.length != OCTETS) {
            throw new IllegalArgumentException(RULE);
        }
        return of(digest);
    }

    /** The pin of a certificate. */
    public static KeyPin of(X509Certificate certificate) {
        try {
            return of(
                    MessageDigest.getInstance("SHA-256")
                            .digest(certificate.getPublicKey().getEncoded()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }

    private static KeyPin of(byte[] digest) {
        return new KeyPin(Base64.getEncoder().encodeToString(digest));
    }

    @Override
    public String toString() {
        return base64;
    }
}
