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
                attributes.number("UIDNEXT"),
                attributes.number("UIDVALIDITY"));
    }

    /** Whether all is as the look before saw it: then no message has come or gone. */
    boolean proves(ImapMark mark) {
        return uidValidity == mark.uidValidity()
                && uidNext == mark.uidNext()
                && messages == mark.total();
    }
}
