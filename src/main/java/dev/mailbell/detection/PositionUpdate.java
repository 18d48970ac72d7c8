package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/** A client's report of how far it has fetched a mailbox. */
public sealed interface PositionUpdate {

    /** The client has all messages of the mailbox. */
    record All() implements PositionUpdate {}

    /**
     * The client has all messages up to this UID.
     *
     * @param uid an IMAP UID in decimal, or a POP3 UID
     * @param uidValidity IMAP: the UIDVALIDITY that the client knows; null means the current one
     * @param rewind whether the position may move backwards
     */
    record UpTo(String uid, @Nullable Long uidValidity, boolean rewind) implements PositionUpdate {}

    /**
     * The client has the first messages of the mailbox, in the order of the check's listing. An
     * IMAP position by UID is translated into this where UIDs are not stable.
     *
     * @param messages how many messages the client has
     * @param uid the UID as the client gave it
     * @param uidValidity the UIDVALIDITY of the check
     * @param rewind whether the position may move backwards
     */
    record First(int messages, String uid, long uidValidity, boolean rewind)
            implements PositionUpdate {}
}
