package dev.mailbell.mail.auth;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The base64 in which mail protocols carry SASL (RFC 4648, section 4). */
public final class Base64Text {
    private Base64Text() {}

    public static String encode(byte[] octets) {
        return Base64.getEncoder().encodeToString(octets);
    }

    /** Decodes a challenge; returns it unchanged if it is not base64. */
    public static byte[] decode(String challenge) {
        try {
            return Base64.getDecoder().decode(challenge);
        } catch (IllegalArgumentException e) {
            return challenge.getBytes(StandardCharsets.ISO_8859_1);
        }
    }
}
