package dev.mailbell.mail;

import dev.mailbell.detection.Observation;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One login at one mail server that observes and never changes: no flags, no deletes, no bodies.
 * For one thread. Every method ends by the deadline the session was opened with, or throws {@link
 * MailFailure}; after a failure other than {@link FailureCode#MAILBOX_MISSING} the session is only
 * fit to be closed.
 */
public interface MailSession extends AutoCloseable {

    /** What the server said it can do, after login; upper case, in the server's order. */
    List<String> capabilities();

    /**
     * The shortest interval between logins that the server asked for (POP3 LOGIN-DELAY, RFC 2449).
     */
    Optional<Duration> loginDelay();

    /**
     * Says which mailboxes will be observed next, so that a server that can may tell of all at once
     * (IMAP's LIST-STATUS, RFC 5819); nothing is promised.
     */
    default void expect(List<String> mailboxes) {}

    /** Looks at a mailbox. */
    Observation observe(CheckRequest request);

    /** The proof that the last observation rests on; empty before the first. */
    Optional<Proof> rung();

    /**
     * The envelopes of messages of the mailbox observed last, in the order asked; messages that are
     * gone are left out.
     *
     * @param messages IMAP UIDs or POP3 message numbers of this session, at most 20
     */
    List<Envelope> envelopes(List<Long> messages);

    /**
     * When a message of the mailbox observed last came to the server, as the server says (IMAP's
     * INTERNALDATE, whole seconds); empty where it does not.
     *
     * @param message an IMAP UID
     */
    default Optional<Instant> arrivedAt(long message) {
        return Optional.empty();
    }

    /**
     * Says goodbye (LOGOUT, QUIT) within a short deadline and closes the connection; never throws.
     */
    @Override
    void close();
}
