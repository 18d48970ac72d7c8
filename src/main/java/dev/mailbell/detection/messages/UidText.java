package dev.mailbell.detection.messages;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * How a POP3 UID is written down: as it is, one character an octet; by the SHA-256 of its octets
 * where it is longer than {@link #LONGEST} or holds a NUL, which PostgreSQL does not keep.
 */
public final class UidText {
    /** RFC 1939 allows 70 octets, and servers do not keep to it. */
    static final int LONGEST = 255;

    private UidText() {}

    /** The text of the UID that stands in {@code bytes} from {@code offset} on. */
    public static String of(byte[] bytes, int offset, int length) {
        return isPlain(bytes, offset, length)
                ? new String(bytes, offset, length, StandardCharsets.ISO_8859_1)
                : digest(bytes, offset, length);
    }

    /** What stands for a message that is known by its size alone. */
    public static String ofSize(long octets) {
        return "size:" + octets;
    }

    /** The text of a UID that a client gives: whole, or as it is written down. */
    public static String of(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return of(octets, 0, octets.length);
    }

    /** Whether a UID is written down as it is. */
    public static boolean isPlain(byte[] bytes, int offset, int length) {
        for (int i = offset; i < offset + length; i++) {
            if (bytes[i] == 0) {
                return false;
            }
        }
        return length <= LONGEST;
    }

    private static String digest(byte[] bytes, int offset, int length) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(bytes, offset, length);
            return "sha256:" + HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
