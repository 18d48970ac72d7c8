package dev.mailbell.mail.imap;

import dev.mailbell.mark.ImapMark;

/**
 * What STATUS says of a mailbox; -1 for what it leaves out. 163 answers {@code * STATUS "INBOX"
 * ()}.
 */
record Status(long messages, long uidNext, long uidValidity) {
    static final Status UNKNOWN = new Status(-1, -1, -1);

    static Status parse(Items.Group attributes) {
        return new Status(
                attributes.number("MESSAGES"),
                possible(attributes.number("UIDNEXT"), ImapMark.UID_LIMIT),
                possible(attributes.number("UIDVALIDITY"), ImapMark.UID_LIMIT - 1));
    }

    private static long possible(long number, long highest) {
        return number >= 1 && number <= highest ? number : -1;
    }

    /** Whether all is as the look before saw it: then no message has come or gone. */
    boolean proves(ImapMark mark) {
        return uidValidity == mark.uidValidity()
                && uidNext == mark.uidNext()
                && messages == mark.total();
    }
}
