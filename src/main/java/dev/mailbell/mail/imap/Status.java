package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.mail.imap.protocol.Numbers;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;

/**
 * The values of a STATUS response; -1 for missing ones. 163 answers {@code * STATUS "INBOX" ()}.
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

    /** Whether all values equal the mark, which proves that no message was added or removed. */
    boolean proves(ImapMark mark) {
        return uidValidity == mark.uidValidity()
                && uidNext == mark.uidNext()
                && messages == mark.total();
    }
}
