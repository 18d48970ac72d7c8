package dev.mailbell.mail.imap.protocol;

import java.math.BigInteger;

/** Parses decimal numbers as servers send them. */
public final class Numbers {
    /** The maximum number of digits; longer texts are not accepted as numbers. */
    private static final int DIGITS = 100;

    private static final BigInteger LIMIT = BigInteger.TWO.pow(63);

    private Numbers() {}

    /** A decimal number below 2^63 - 1, the range of UIDs; -1 for anything else. */
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
     * A UIDVALIDITY: a decimal number that is only compared, so one of 2^63 or more and a negative
     * one is reduced modulo 2^63. -1 for anything else and for 0.
     */
    public static long opaque(String text) {
        if (!isDecimal(text.startsWith("-") ? text.substring(1) : text, DIGITS)) {
            return -1;
        }
        BigInteger number = new BigInteger(text);
        if (number.signum() == 0) {
            return -1;
        }
        return Math.max(1, number.mod(LIMIT).longValue());
    }

    /** A number of messages, at most {@link Integer#MAX_VALUE}; -1 for anything else. */
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
