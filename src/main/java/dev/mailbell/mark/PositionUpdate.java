package dev.mailbell.mark;

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
}
