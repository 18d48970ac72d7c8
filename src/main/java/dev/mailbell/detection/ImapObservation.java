package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/**
 * What one check observed in an IMAP mailbox.
 *
 * @param uidValidity as the server gave it; 0 where it gives none
 * @param uidNext as the server gave it, or derived from the highest UID where the server has none
 * @param total messages in the mailbox
 * @param topUid the UID of message number {@code total}, 0 in an empty mailbox
 * @param from the first UID that the search covered: {@code found} holds every UID of the mailbox
 *     from it on
 * @param found the UIDs found, none below {@code from}
 * @param arrivedSince how many messages have arrived since the last check, where it found another
 *     UIDVALIDITY, a lower UIDNEXT or unstable UIDs; 0 otherwise
 * @param uidNextGiven whether the server gave UIDNEXT
 * @param opened whether the mailbox was opened for this check; false if it has been open since an
 *     earlier one, so that {@code uidNext} is that of the mark or follows from the highest UID
 * @param identities the messages by their headers, where UIDs are not stable; null elsewhere
 */
public record ImapObservation(
        long uidValidity,
        long uidNext,
        int total,
        long topUid,
        long from,
        UidSet found,
        int arrivedSince,
        boolean uidNextGiven,
        boolean opened,
        @Nullable Identities identities)
        implements Observation {
    public ImapObservation {
        if (!found.isEmpty() && found.first() < from) {
            throw new IllegalArgumentException(
                    "a UID below the search: " + found.first() + " < " + from);
        }
    }

    /** An observation at a server with stable UIDs that gives UIDNEXT. */
    public ImapObservation(
            long uidValidity,
            long uidNext,
            int total,
            long topUid,
            long from,
            UidSet found,
            int arrivedSince) {
        this(uidValidity, uidNext, total, topUid, from, found, arrivedSince, true, true, null);
    }

    /**
     * The highest UID that is known to be in use. A server whose UIDNEXT is too high assigns those
     * below it later.
     */
    long highestSeen() {
        if (topUid == 0) {
            return uidNext - 1;
        }
        return found.isEmpty() ? topUid : Math.max(topUid, found.last());
    }

    /**
     * Messages of a mailbox in its order; arrays of one length, owned by this record.
     *
     * @param below how many messages, all of them known, come before these; 0 for a listing of the
     *     whole mailbox
     * @param uids their UIDs in the session of the check
     * @param keys keys of their headers, 62 bits; the same message has the same key in every check
     * @param topKey a key of the last messages of the mailbox; 0 in an empty one, and where the
     *     server does not show all messages
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
