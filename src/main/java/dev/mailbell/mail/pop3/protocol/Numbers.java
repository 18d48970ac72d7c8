package dev.mailbell.mail.pop3.protocol;

import java.nio.charset.StandardCharsets;

/** Reads numbers from a line of words separated by blanks. */
public final class Numbers {
    private final byte[] octets;
    private final int end;
    private int at;

    public Numbers(byte[] octets, int start, int length) {
        this.octets = octets;
        this.at = start;
        this.end = start + length;
    }

    public static Numbers of(String latin1) {
        byte[] octets = latin1.getBytes(StandardCharsets.ISO_8859_1);
        return new Numbers(octets, 0, octets.length);
    }

    /** The next word as a number, 0 to 10<sup>18</sup>; -1 if it is not a number. */
    public long next() {
        skipBlanks();
        int from = at;
        long value = 0;
        while (at < end && !isBlank(octets[at])) {
            int digit = octets[at++] - '0';
            if (digit < 0 || digit > 9 || at - from > 18) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return at == from ? -1 : value;
    }

    /** Skips blanks and returns the offset of the rest of the line. */
    public int rest() {
        skipBlanks();
        return at;
    }

    /** The length of the rest of the line without trailing blanks. */
    public int restLength() {
        skipBlanks();
        int last = end;
        while (last > at && isBlank(octets[last - 1])) {
            last--;
        }
        return last - at;
    }

    private void skipBlanks() {
        while (at < end && isBlank(octets[at])) {
            at++;
        }
    }

    private static boolean isBlank(byte octet) {
        return octet == ' ' || octet == '\t';
    }
}
