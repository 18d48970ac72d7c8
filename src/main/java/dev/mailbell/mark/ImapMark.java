package dev.mailbell.mark;

import org.jspecify.annotations.Nullable;

/**
 * How far an IMAP mailbox has been seen (RFC 9051, section 2.3.1.1).
 *
 * @param uidValidity 1 to 4,294,967,295; UIDs mean nothing under another value
 * @param uidNext 1 to 4,294,967,296; every UID below it has been seen, none from it on
 * @param total messages in the mailbox, 0 or more
 * @param topUid the UID of message number {@code total}; 0 in an empty mailbox
 */
public record ImapMark(long uidValidity, long uidNext, int total, long topUid) implements Mark {

    /** One more than the highest UID there can be. */
    public static final long UID_LIMIT = 1L << 32;

    public ImapMark {
        if (uidValidity < 1 || uidValidity >= UID_LIMIT) {
            throw new IllegalArgumentException("UIDVALIDITY out of range: " + uidValidity);
        }
        if (uidNext < 1 || uidNext > UID_LIMIT) {
            throw new IllegalArgumentException("UIDNEXT out of range: " + uidNext);
        }
        if (total < 0 || topUid < 0 || topUid >= UID_LIMIT) {
            throw new IllegalArgumentException(
                    "not a mailbox: " + total + " messages, top UID " + topUid);
        }
    }

    @Override
    public @Nullable String topUidText() {
        return topUid == 0 ? null : Long.toString(topUid);
    }
}
