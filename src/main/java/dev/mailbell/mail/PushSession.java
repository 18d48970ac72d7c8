package dev.mailbell.mail;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A session that can be kept between looks, and whose server may tell of new mail by itself. For
 * one thread, except {@link #interrupt()} and {@link #cut()}.
 *
 * <pre>{@code
 * session.push(mailboxes);
 * … looks at all of them, the first one last …
 * while (session.canPush()) {
 *     switch (session.await(hint -> Optional.of(Duration.ZERO))) {
 *         case CHANGED -> … session.renew(deadline), look at the first mailbox …
 *         …
 *     }
 * }
 * }</pre>
 */
public interface PushSession extends MailSession {

    /** Why {@link #await} returned. */
    enum Wake {
        /** Something may have come to the mailbox that is kept open. */
        CHANGED,
        /** Something may have come to another mailbox. */
        CHANGED_ELSEWHERE,
        /** Somebody called {@link #interrupt()}. */
        INTERRUPTED,
        /** The server ended the waiting, for no reason that it told. */
        ENDED,
        /** The server does not do what it offered; {@link #canPush()} is false from now on. */
        REFUSED
    }

    /** What a server says unasked, by how much it promises. Only a check counts. */
    enum Hint {
        /** The mailbox that is kept open holds more messages than it did. */
        GROWN,
        /** Something was said of the mailbox that is kept open, and nothing tells what for. */
        REPEATED,
        /** Something was said of another mailbox. */
        ELSEWHERE
    }

    /** Decides when a hint ends the waiting. */
    @FunctionalInterface
    interface HintPolicy {
        /**
         * Asked of each hint that there is, the strongest first, and again at everything that the
         * server says; the first one that may end the waiting does.
         *
         * @return how long to go on listening first, so that a burst makes one look; a fraction of
         *     a second. Empty for not now: {@link #interrupt()} ends the waiting when it is time
         */
        Optional<Duration> listenOn(Hint hint);
    }

    /**
     * Gives the session a new deadline and byte budget. The deadline holds while the session rests,
     * too: one that is kept from look to look wants one that reaches beyond the next.
     *
     * @throws MailFailure timeout when the deadline before has passed: the session is over
     */
    void renew(Deadline next);

    /** Whether the server offers to tell of new mail, and has not refused it yet. */
    boolean offersPush();

    /**
     * Asks the server to tell of new mail; to be called before the first look. From now on the
     * first of the mailboxes stays open, so it must be looked at last.
     *
     * @return whether the server will tell of all of them, not of the first one alone
     */
    @CanIgnoreReturnValue
    boolean push(List<String> mailboxes);

    /** Whether {@link #await} makes sense now: push was asked for, and its mailbox is open. */
    boolean canPush();

    /**
     * Waits until the server tells of something that the looks before did not take in, be it from
     * before this call; or until {@link #interrupt()}. The session's deadline holds.
     *
     * @param policy decides when what the server says ends the waiting
     *     <p>The server may be left to wait until the next command, which then goes out together
     *     with the word that ends its waiting; that it does not take that is the next command's
     *     failure.
     * @throws MailFailure when the connection is lost or the server does not end the waiting when
     *     told to
     */
    Wake await(HintPolicy policy);

    /**
     * Ends a waiting, at once or as soon as it begins; any thread may call it. A server that does
     * not obey within 10 s is cut off.
     */
    void interrupt();

    /** Closes at once, without a word to the server; any thread may call it. */
    void cut();
}
