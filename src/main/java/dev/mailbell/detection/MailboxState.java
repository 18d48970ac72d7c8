package dev.mailbell.detection;

import dev.mailbell.detection.messages.KnownMessages;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a mailbox: its mark, the client's position, and how many messages lie beyond
 * that.
 */
public sealed interface MailboxState permits ImapState, Pop3State {

    /** Null until the baseline. */
    @Nullable Mark mark();

    /** Null until the client first gives one, and again after a reset. */
    @Nullable Position client();

    /** How many messages that are there the client has not said it has; null without a position. */
    @Nullable Integer pending();

    /**
     * Holds what a look saw against this state.
     *
     * @param update what the client says about its position at this moment, applied before anything
     *     is counted; null when it says nothing
     * @param known POP3: the messages known so far, asked for only where the observation needs them
     * @throws PositionRefusedException when the mailbox does not have that position; nothing has
     *     changed then
     */
    Change after(Observation seen, @Nullable PositionUpdate update, Supplier<KnownMessages> known);

    /**
     * The lowest IMAP UID that a look must report: where the mark ends, or lower when the client
     * lags behind.
     */
    long searchFrom(@Nullable PositionUpdate update);

    /**
     * Whether the last look left something open that the next one must ask for without a shortcut.
     */
    default boolean isOpen() {
        return false;
    }

    /** Whether looks in a row have seen a mailbox older than the mark, which is waited out. */
    default boolean waitsOut() {
        return false;
    }
}
