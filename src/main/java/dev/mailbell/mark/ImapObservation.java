package dev.mailbell.mark;

/**
 * What one look saw of an IMAP mailbox.
 *
 * @param uidValidity 1 to 4,294,967,295
 * @param uidNext as the server gave it, or derived from the highest UID where the server has none
 * @param total messages in the mailbox
 * @param topUid the UID of message number {@code total}, 0 in an empty mailbox
 * @param from the first UID the search covered: {@code found} holds every UID of the mailbox from
 *     here on
 * @param found the UIDs found, none below {@code from}
 * @param arrivedSince only for a look that met another UIDVALIDITY or a UIDNEXT that went
 *     backwards: how many messages have an INTERNALDATE since the last look; 0 otherwise
 */
public record ImapObservation(
        long uidValidity,
        long uidNext,
        int total,
        long topUid,
        long from,
        UidSet found,
        int arrivedSince)
        implements Observation {
    public ImapObservation {
        if (!found.isEmpty() && found.first() < from) {
            throw new IllegalArgumentException(
                    "a UID below the search: " + found.first() + " < " + from);
        }
    }
}
