package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/**
 * What one look saw of an IMAP mailbox.
 *
 * @param uidValidity as the server gave it; 0 where it gives none
 * @param uidNext as the server gave it, or derived from the highest UID where the server has none
 * @param total messages in the mailbox
 * @param topUid the UID of message number {@code total}, 0 in an empty mailbox
 * @param from the first UID the search covered: {@code found} holds every UID of the mailbox from
 *     here on
 * @param found the UIDs found, none below {@code from}
 * @param arrivedSince only for a look that met another UIDVALIDITY, a UIDNEXT that went backwards,
 *     or UIDs that do not last: how many messages have arrived since the last look; 0 otherwise
 * @param uidNextTold whether the server gave UIDNEXT
 * @param identities the messages by their headers, where UIDs do not last; null elsewhere
 */
public record ImapObservation(
        long uidValidity,
        long uidNext,
        int total,
        long topUid,
        long from,
        UidSet found,
        int arrivedSince,
        boolean uidNextTold,
        @Nullable Identities identities)
        implements Observation {
    public ImapObservation {
        if (!found.isEmpty() && found.first() < from) {
            throw new IllegalArgumentException(
                    "a UID below the search: " + found.first() + " < " + from);
        }
    }

    /** What a look saw at a server whose UIDs last and which gives UIDNEXT. */
    public ImapObservation(
            long uidValidity,
            long uidNext,
            int total,
            long topUid,
            long from,
            UidSet found,
            int arrivedSince) {
        this(uidValidity, uidNext, total, topUid, from, found, arrivedSince, true, null);
    }

    /**
     * Messages of a mailbox in its order; arrays of one length, owned by this record.
     *
     * @param below how many messages come before these, none of which is new; 0 for a listing of
     *     the whole mailbox
     * @param uids their UIDs in the session of the look
     * @param keys keys of their headers, 62 bits; the same message has the same key in every look
     * @param topKey a key of the last messages of the mailbox; 0 in an empty one
     */
    @SuppressWarnings("ArrayRecordComponent") // short-lived, never compared
    public record Identities(int below, long[] uids, long[] keys, long topKey) {
        public Identities {
            if (uids.length != keys.length) {
                throw new IllegalArgumentException("columns of different length");
            }
        }

        int total() {
            return below + keys.length;
        }
    }
}
