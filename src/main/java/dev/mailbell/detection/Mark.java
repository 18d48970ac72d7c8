package dev.mailbell.detection;

import org.jspecify.annotations.Nullable;

/**
 * The high-water mark of a mailbox: the highest message number, its UID, and what exactness needs
 * besides.
 */
public sealed interface Mark permits ImapMark, Pop3Mark {

    /** How many messages the mailbox held; message numbers run from 1 to this. */
    int total();

    /**
     * The UID of the message with the highest number, in the protocol's own spelling; null in an
     * empty mailbox.
     */
    @Nullable String topUidText();
}
