package dev.mailbell.detection;

import dev.mailbell.detection.messages.KnownMessages;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a look means: mark and observation held together.
 *
 * @param newCount messages to announce: there now, seen by no earlier look, not covered by the
 *     client's position; for a reset how many of them arrived since the last look
 * @param approximate whether the count rests on less than UIDs
 * @param next what is known from now on
 * @param newKnown POP3: the messages known from now on; null when they are as before
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

    /** How many messages are named one by one at most. */
    public static final int NEWEST = 20;

    /** What kind of change it is. */
    public enum Kind {
        /** Nothing is different: there is nothing to write. */
        NOTHING,
        /** The mark or the client's position moved; there is nothing to announce. */
        MOVED,
        /** There is new mail. */
        NEW,
        /** The first look: what is there is where counting begins. */
        BASELINE,
        /** The UIDs no longer mean what they meant: counting begins anew. */
        RESET
    }

    public Change {
        newest = List.copyOf(newest);
    }

    /** The same change, whose count rests on less than UIDs. */
    Change withApproximateCount() {
        return new Change(kind, newCount, true, next, newKnown, newest);
    }

    public Optional<KnownMessages> known() {
        return Optional.ofNullable(newKnown);
    }
}
