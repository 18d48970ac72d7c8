package dev.mailbell.detection.messages;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Turns POP3 UIDs, which are opaque octets (RFC 1939, section 7), into keys of 62 bits: the first
 * bits of their SHA-256. The probability that a new UID has the key of one of 100,000 known ones is
 * 2 in 10<sup>14</sup>. Not thread-safe.
 */
public final class UidKey {
    private final MessageDigest digest = Sha256.digest();

    /** The key of a UID that is given as ISO 8859-1. */
    public static long of(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return new UidKey().of(octets, 0, octets.length);
    }

    /** The key of the UID of {@code length} octets at {@code offset} in {@code bytes}. */
    public long of(byte[] bytes, int offset, int length) {
        digest.update(bytes, offset, length);
        byte[] hash = digest.digest();
        long key = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            key = key << 8 | hash[i] & 0xff;
        }
        return key >>> 2;
    }
}
