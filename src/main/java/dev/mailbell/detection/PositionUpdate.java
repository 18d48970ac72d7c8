package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/** What a client says about how far it has fetched a mailbox. */
public sealed interface PositionUpdate {

    /** It has everything that is there. */
    record All() implements PositionUpdate {}

    /**
     * It has everything up to this UID.
     *
     * @param uid an IMAP UID in decimal, or a POP3 UID
     * @param uidValidity IMAP: the UIDVALIDITY that the client knows; null means the current one
     * @param rewind whether the position may move backwards
     */
    record UpTo(String uid, @Nullable Long uidValidity, boolean rewind) implements PositionUpdate {}

    /**
     * It has the first messages of the mailbox, as the look that finds out has listed them: what an
     * IMAP UID comes to where UIDs do not last.
     *
     * @param messages how many
     * @param uid the UID that the client gave
     * @param uidValidity the UIDVALIDITY of the look
     * @param rewind whether the position may move backwards
     */
    record First(int messages, String uid, long uidValidity, boolean rewind)
            implements PositionUpdate {}
}
