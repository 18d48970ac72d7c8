package dev.mailbell.detection;

import dev.mailbell.detection.messages.KnownMessages;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The known state of a mailbox: its mark, the client's position, and the number of messages after
 * that position.
 */
public sealed interface MailboxState permits ImapState, Pop3State {

    /** The mark; null until the baseline. */
    @Nullable Mark mark();

    /** The client's position; null until the client first gives one, and again after a reset. */
    @Nullable Position client();

    /** How many present messages the client's position does not cover; null without a position. */
    @Nullable Integer pending();

    /**
     * Compares what a check observed with this state.
     *
     * @param update the client's new position, applied before new messages are counted; null for
     *     none
     * @param known POP3: reads the known messages; called only where the observation needs them
     * @throws PositionRefusedException when the mailbox does not have that position; the state is
     *     unchanged then
     */
    Change after(Observation seen, @Nullable PositionUpdate update, Supplier<KnownMessages> known);

    /**
     * The lowest IMAP UID that a check must report: the mark's UIDNEXT, or lower when the client's
     * position is.
     */
    long searchFrom(@Nullable PositionUpdate update);

    /** Whether the next check must not take a shortcut. */
    default boolean needsExhaustiveCheck() {
        return false;
    }

    /** Whether the last checks saw a mailbox older than the mark, as a lagging replica shows it. */
    default boolean sawOlderMailbox() {
        return false;
    }
}
