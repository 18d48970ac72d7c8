package dev.mailbell.detection;

import dev.mailbell.detection.messages.KnownMessages;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The result of comparing a mailbox's state with what one check observed.
 *
 * @param newCount messages to announce: present now, not seen by any earlier check, not covered by
 *     the client's position. For a reset: messages that arrived since the last check
 * @param approximate whether the count is derived from headers or sizes instead of UIDs
 * @param next the state to store
 * @param newKnown POP3: the known messages to store; null when they are unchanged
 * @param newest the newest of the new messages, 20 at most, ascending: IMAP UIDs or POP3 message
 *     numbers
 */
public record Change(
        Kind kind,
        int newCount,
        boolean approximate,
        MailboxState next,
        @Nullable KnownMessages newKnown,
        List<Long> newest) {

    /** The maximum length of {@link #newest}. */
    public static final int NEWEST = 20;

    /** The kind of the change. */
    public enum Kind {
        /** Nothing changed; nothing is written. */
        NOTHING,
        /** The mark or the client's position moved; there is no new mail. */
        MOVED,
        /** There is new mail. */
        NEW,
        /** The first check: counting begins after the messages that are present. */
        BASELINE,
        /** The UIDs changed their meaning: counting begins anew. */
        RESET
    }

    public Change {
        newest = List.copyOf(newest);
    }

    /** A copy of this change whose count is marked as approximate. */
    Change withApproximateCount() {
        return new Change(kind, newCount, true, next, newKnown, newest);
    }

    public Optional<KnownMessages> known() {
        return Optional.ofNullable(newKnown);
    }
}
