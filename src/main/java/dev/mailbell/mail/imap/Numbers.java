package dev.mailbell.mail.imap;

/** Numbers as servers write them. */
final class Numbers {
    private Numbers() {}

    /** A decimal number of at most ten digits, which any UID or UIDVALIDITY is; -1 otherwise. */
    static long parse(String text) {
        boolean decimal =
                !text.isEmpty()
                        && text.length() <= 10
                        && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return decimal ? Long.parseLong(text) : -1;
    }
}
