package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.mail.imap.protocol.Numbers;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;

/**
 * What STATUS says of a mailbox; -1 for what it leaves out. 163 answers {@code * STATUS "INBOX"
 * ()}.
 */
record Status(long messages, long uidNext, long uidValidity) {
    static final Status UNKNOWN = new Status(-1, -1, -1);

    static Status parse(ParenthesizedData.Group attributes) {
        long uidNext = attributes.number("UIDNEXT");
        return new Status(
                attributes.value("MESSAGES") instanceof ParenthesizedData.Text messages
                        ? Numbers.messages(messages.value())
                        : -1,
                uidNext >= 1 ? uidNext : -1,
                attributes.value("UIDVALIDITY") instanceof ParenthesizedData.Text validity
                        ? Numbers.opaque(validity.value())
                        : -1);
    }

    /** Whether all is as the look before saw it: then no message has come or gone. */
    boolean proves(ImapMark mark) {
        return uidValidity == mark.uidValidity()
                && uidNext == mark.uidNext()
                && messages == mark.total();
    }
}
