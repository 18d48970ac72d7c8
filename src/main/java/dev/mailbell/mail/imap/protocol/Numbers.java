package dev.mailbell.mail.imap.protocol;

import java.math.BigInteger;

/** Numbers as servers write them. */
public final class Numbers {
    /** Longer numbers are no numbers. */
    private static final int DIGITS = 100;

    private static final BigInteger LIMIT = BigInteger.TWO.pow(63);

    private Numbers() {}

    /** A decimal number below 2^63 - 1, as any UID is; -1 otherwise. */
    public static long parse(String text) {
        if (!isDecimal(text, 19)) {
            return -1;
        }
        BigInteger number = new BigInteger(text);
        return number.bitLength() < 64 && number.longValue() < Long.MAX_VALUE
                ? Math.max(-1, number.longValue())
                : -1;
    }

    /**
     * A UIDVALIDITY: a decimal number of any size that is only ever compared; from 2^63 on what is
     * left of it by that. -1 for none, and for 0.
     */
    public static long opaque(String text) {
        if (!isDecimal(text, DIGITS)) {
            return -1;
        }
        BigInteger number = new BigInteger(text);
        if (number.signum() == 0) {
            return -1;
        }
        return Math.max(1, number.mod(LIMIT).longValue());
    }

    /** A number of messages; more than an int holds is as many as it holds, -1 for no number. */
    public static int messages(String text) {
        return isDecimal(text, DIGITS)
                ? new BigInteger(text).min(BigInteger.valueOf(Integer.MAX_VALUE)).intValue()
                : -1;
    }

    private static boolean isDecimal(String text, int digits) {
        if (text.isEmpty() || text.length() > digits) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
