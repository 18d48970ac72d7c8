package dev.mailbell.detection.messages;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The stored text of a POP3 UID: one character an octet, or the SHA-256 of its octets if it is
 * longer than {@value #LONGEST} octets or contains a NUL, which PostgreSQL does not store.
 */
public final class UidText {
    /** RFC 1939 allows 70 octets; some servers exceed that. */
    static final int LONGEST = 255;

    private UidText() {}

    /** The text of the UID of {@code length} octets at {@code offset} in {@code bytes}. */
    public static String of(byte[] bytes, int offset, int length) {
        return isPlain(bytes, offset, length)
                ? new String(bytes, offset, length, StandardCharsets.ISO_8859_1)
                : digest(bytes, offset, length);
    }

    /** The text for a message that is identified by its size alone. */
    public static String ofSize(long octets) {
        return "size:" + octets;
    }

    /** The text of a UID that a client gives, whole or as stored. */
    public static String of(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return of(octets, 0, octets.length);
    }

    /** Whether a UID is stored unchanged. */
    public static boolean isPlain(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (bytes[i] == 0) {
                return false;
            }
        }
        return length <= LONGEST;
    }

    private static String digest(byte[] bytes, int offset, int length) {
        MessageDigest sha256 = Sha256.digest();
        sha256.update(bytes, offset, length);
        return "sha256:" + HexFormat.of().formatHex(sha256.digest());
    }
}
