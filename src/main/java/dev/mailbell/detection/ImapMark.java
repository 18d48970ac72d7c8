package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/**
 * How far an IMAP mailbox has been seen (RFC 9051, section 2.3.1.1).
 *
 * @param uidValidity an opaque number; UIDs are valid only together with it. 0 only where {@code
 *     approximate}
 * @param uidNext 1 or more; every UID below it has been counted, none from it on
 * @param total messages in the mailbox, 0 or more
 * @param topUid the UID of message number {@code total}, 0 in an empty mailbox or where the server
 *     does not give it; a key of the last messages where {@code approximate}
 * @param gaps UIDs below {@code uidNext} that no check has found: a message that gets one of them
 *     later is new
 * @param approximate whether the messages are identified by their headers, because the server's
 *     UIDs are not stable
 */
public record ImapMark(
        long uidValidity, long uidNext, int total, long topUid, UidSet gaps, boolean approximate)
        implements Mark {

    /** One more than the highest UID that RFC 9051 allows. Some servers exceed it. */
    public static final long UID_LIMIT = 1L << 32;

    /** Higher than any UID of any server. */
    public static final long NO_UID = Long.MAX_VALUE;

    /** The maximum number of ranges of gaps; the highest ones are kept. */
    static final int GAPS_KEPT = 64;

    public ImapMark {
        if (uidValidity < (approximate ? 0 : 1)) {
            throw new IllegalArgumentException("UIDVALIDITY out of range: " + uidValidity);
        }
        if (uidNext < 1) {
            throw new IllegalArgumentException("UIDNEXT out of range: " + uidNext);
        }
        if (total < 0 || topUid < 0) {
            throw new IllegalArgumentException(
                    "not a mailbox: " + total + " messages, top UID " + topUid);
        }
        if (!gaps.isEmpty() && gaps.last() >= uidNext) {
            throw new IllegalArgumentException("gaps " + gaps + " from UIDNEXT " + uidNext + " on");
        }
        gaps = gaps.lastRanges(GAPS_KEPT);
    }

    /** A mark without gaps. */
    public ImapMark(long uidValidity, long uidNext, int total, long topUid) {
        this(uidValidity, uidNext, total, topUid, UidSet.empty(), false);
    }

    /** The highest UID below UIDNEXT that some check has found; 0 for none. */
    public long highestSeen() {
        return !gaps.isEmpty() && gaps.last() == uidNext - 1
                ? gaps.startOfLastRange() - 1
                : uidNext - 1;
    }

    /**
     * Whether the last message has a UID that no check has found, so that it has not been counted.
     */
    boolean contradictsItself() {
        return !approximate && topUid > 0 && !UidSet.of(topUid).within(gaps).isEmpty();
    }

    @Override
    public @Nullable String topUidText() {
        return topUid == 0 || approximate ? null : Long.toString(topUid);
    }
}
