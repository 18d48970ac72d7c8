package dev.mailbell.mail;

import java.util.Locale;

/**
 * The proofs that a check can use, in the order of their cost. A check begins with the cheapest one
 * that has not failed at its host. After an answer that is missing, refused, malformed or
 * contradicts another answer of the same session, it continues with the next more expensive one.
 * Only a failure of the last one fails the check.
 */
public enum Proof {
    /** IMAP: UIDVALIDITY, UIDNEXT and the number of messages equal those of the mark. */
    STATUS(Protocol.IMAP),
    /** IMAP: UID SEARCH RETURN (ALL COUNT) from the mark on (RFC 4731). */
    ESEARCH(Protocol.IMAP),
    /** IMAP: plain UID SEARCH from the mark on (RFC 9051, section 6.4.4). */
    SEARCH(Protocol.IMAP),
    /** IMAP: UID FETCH from the mark on. */
    FETCH_NEW(Protocol.IMAP),
    /** IMAP: UID FETCH of the whole mailbox. */
    FETCH_ALL(Protocol.IMAP),
    /** IMAP without stable UIDs: INTERNALDATE, size and Message-ID of the messages; approximate. */
    IDENTITY(Protocol.IMAP),

    /** POP3: number, octets, first and last UID equal those of the mark. */
    ENDS(Protocol.POP3),
    /** POP3: UIDs and sizes of the messages after the mark account for the growth. */
    TAIL(Protocol.POP3),
    /** POP3: the full UIDL, with the full LIST where sizes are needed. */
    LISTING(Protocol.POP3),
    /** POP3 with unstable UIDs: the headers of the messages; approximate. */
    HEADERS(Protocol.POP3),
    /** POP3 without UIDL, or without headers: the sizes of all messages; approximate. */
    SIZES(Protocol.POP3);

    private final Protocol protocol;

    Proof(Protocol protocol) {
        this.protocol = protocol;
    }

    public Protocol protocol() {
        return protocol;
    }

    /** The name in the API and in metrics, for example {@code fetch_new}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
