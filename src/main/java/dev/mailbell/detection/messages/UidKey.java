package dev.mailbell.detection.messages;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Turns POP3 UIDs, which are opaque octets (RFC 1939, section 7), into keys of 62 bits: the head of
 * their SHA-256. The chance that a new UID meets the key of one of 100,000 known ones is 2 in
 * 10<sup>14</sup>. Not for several threads.
 */
public final class UidKey {
    private final MessageDigest digest;

    public UidKey() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    /** The key of one UID, as ISO 8859-1. */
    public static long of(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return new UidKey().of(octets, 0, octets.length);
    }

    /**
     * The key of the UID that stands in {@code bytes} from {@code offset}, {@code length} octets
     * long.
     */
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
