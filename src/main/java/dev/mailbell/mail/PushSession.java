package dev.mailbell.mail;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A session that can be kept between checks, and whose server may report new mail unasked (push).
 * For one thread, except {@link #interrupt()} and {@link #cut()}.
 *
 * <pre>{@code
 * session.push(mailboxes);
 * … check all of them, the first one last …
 * while (session.canPush()) {
 *     switch (session.await(hint -> Optional.of(Duration.ZERO))) {
 *         case CHANGED -> … session.renew(deadline), check the first mailbox …
 *         …
 *     }
 * }
 * }</pre>
 */
public interface PushSession extends MailSession {

    /** Why {@link #await} returned. */
    enum Wake {
        /** There may be new mail in the mailbox that is kept open. */
        CHANGED,
        /** There may be new mail in another mailbox. */
        CHANGED_ELSEWHERE,
        /** A thread called {@link #interrupt()}. */
        INTERRUPTED,
        /** The server ended the waiting without a reason. */
        ENDED,
        /**
         * The server does not support the push that it offered; {@link #canPush()} is false from
         * now on.
         */
        REFUSED
    }

    /**
     * What a server reports unasked, by how likely it means new mail. Only a check counts messages.
     */
    enum Hint {
        /** The mailbox that is kept open has more messages than before. */
        GROWN,
        /**
         * The server reported the mailbox that is kept open without a larger number of messages.
         */
        REPEATED,
        /** The server reported another mailbox. */
        ELSEWHERE
    }

    /** Decides when a hint ends the waiting. */
    @FunctionalInterface
    interface HintPolicy {
        /**
         * Called for each pending hint, the strongest first, and again after every response of the
         * server; the first hint that may end the waiting ends it.
         *
         * @return how long to go on listening first, a fraction of a second, so that a burst of
         *     messages causes one check. Empty for not now: {@link #interrupt()} ends the waiting
         *     later
         */
        Optional<Duration> listenOn(Hint hint);
    }

    /**
     * Gives the session a new deadline and byte budget. The deadline also holds between checks, so
     * a session that is kept needs one that ends after the next check.
     *
     * @throws MailFailure timeout when the previous deadline has passed, which ends the session
     */
    void renew(Deadline next);

    /** Whether the server offers push and has not refused it yet. */
    boolean offersPush();

    /**
     * Asks the server to report new mail; to be called before the first check. From now on the
     * first of the mailboxes stays open, so it must be checked last.
     *
     * @return whether the server will report all of them and not only the first one
     */
    @CanIgnoreReturnValue
    boolean push(List<String> mailboxes);

    /** Whether {@link #await} may be called: push was requested, and its mailbox is open. */
    boolean canPush();

    /**
     * Waits until the server reports something that the previous checks have not covered, including
     * reports from before this call; or until {@link #interrupt()}. The session's deadline holds.
     *
     * @param policy decides when a hint of the server ends the waiting
     *     <p>The end of the waiting may be sent together with the next command; if the server does
     *     not accept that, the next command fails.
     * @throws MailFailure when the connection is lost or the server does not end the waiting when
     *     asked to
     */
    Wake await(HintPolicy policy);

    /**
     * Ends the waiting, at once or as soon as it begins; any thread may call it. The connection to
     * a server that does not end it within 10 s is closed.
     */
    void interrupt();

    /** Closes the connection at once without logging out; any thread may call it. */
    void cut();
}
