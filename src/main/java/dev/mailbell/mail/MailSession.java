package dev.mailbell.mail;

import dev.mailbell.detection.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One login at one mail server, read-only: it sets no flags, deletes nothing and reads no bodies.
 * For one thread. Every method ends by the deadline that the session was opened with, or throws
 * {@link MailFailure}; after a failure other than {@link FailureCode#MAILBOX_MISSING} the session
 * can only be closed.
 */
public interface MailSession extends AutoCloseable {

    /** The capabilities that the server lists after login; upper case, in the server's order. */
    List<String> capabilities();

    /**
     * The shortest interval between logins that the server asked for (POP3 LOGIN-DELAY, RFC 2449).
     */
    Optional<Duration> loginDelay();

    /**
     * Announces which mailboxes will be observed next, so that their state can be read with one
     * command (IMAP's LIST-STATUS, RFC 5819). They need not be observed.
     */
    default void expect(List<String> mailboxes) {}

    /** Observes a mailbox for a check. */
    Observation observe(CheckRequest request);

    /** The proof that the last observation used; empty before the first. */
    Optional<Proof> proof();

    /**
     * The envelopes of messages of the mailbox observed last, in the order asked; messages that are
     * gone are left out.
     *
     * @param messages IMAP UIDs or POP3 message numbers of this session, at most 20
     */
    List<Envelope> envelopes(List<Long> messages);

    /**
     * When a message of the mailbox observed last reached the server (IMAP's INTERNALDATE, whole
     * seconds); empty where the server does not give it.
     *
     * @param message an IMAP UID
     */
    default Optional<Instant> arrivedAt(long message) {
        return Optional.empty();
    }

    /** Logs out (LOGOUT, QUIT) within a short deadline and closes the connection; never throws. */
    @Override
    void close();
}
