package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/**
 * The high-water mark of a mailbox: the highest message number, its UID, and further data of the
 * protocol that the count needs.
 */
public sealed interface Mark permits ImapMark, Pop3Mark {

    /** How many messages the mailbox held; message numbers run from 1 to this. */
    int total();

    /**
     * The UID of the message with the highest number, as the protocol writes it; null in an empty
     * mailbox.
     */
    @Nullable String topUidText();
}
