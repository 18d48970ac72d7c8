package dev.mailbell.mail.pop3;

import dev.mailbell.mail.ByteBudgetException;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.LimitedSocket;
import dev.mailbell.mail.LookRequest;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Rung;
import dev.mailbell.mark.Observation;
import dev.mailbell.mark.Pop3Mark;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session in the transaction state (RFC 1939, section 5). A maildrop shows its new messages only
 * to the next session, so there is one session a look.
 */
final class Pop3Session implements MailSession {
    private static final Logger LOG = LoggerFactory.getLogger(Pop3Session.class);
    private static final Duration GOODBYE = Duration.ofSeconds(2);
    private static final long GOODBYE_BYTES = 64 * 1024;

    /** A server that is silent for this part of the time left gets another question. */
    private static final int PATIENCE_PART = 3;

    private final Opener opener;
    private final HostProofs proofs;
    private final Deadline deadline;
    private Dialogue dialogue;
    private @Nullable Rung rung;

    /** A connection that is logged in. */
    record Dialogue(Pop3Wire wire, Capabilities capabilities) {}

    /** Connects and logs in. */
    @FunctionalInterface
    interface Opener {
        Dialogue open();
    }

    Pop3Session(Opener opener, HostProofs proofs, Deadline deadline) {
        this.opener = opener;
        this.proofs = proofs;
        this.deadline = deadline;
        this.dialogue = opener.open();
    }

    @Override
    public List<String> capabilities() {
        return dialogue.capabilities().lines();
    }

    @Override
    public Optional<Duration> loginDelay() {
        return dialogue.capabilities().loginDelay();
    }

    @Override
    public Observation observe(LookRequest request) {
        if (!request.mailbox().equalsIgnoreCase("INBOX")) {
            throw new MailFailure(
                    FailureCode.MAILBOX_MISSING,
                    "POP3 has one mailbox, INBOX, and not \""
                            + request.mailbox()
                            + "\": use IMAP for folders.");
        }
        if (request.mark() != null && !(request.mark() instanceof Pop3Mark)) {
            throw new IllegalArgumentException("not a mark of POP3: " + request.mark());
        }
        Pop3Mark mark = (Pop3Mark) request.mark();
        Pop3Look look = look();
        try {
            return observed(look, mark, request.exhaustive());
        } catch (MailFailure failure) {
            if (!look.hasFailedInShortcut() || !mayOpenAnew(failure)) {
                throw failure;
            }
            return observedAnew(mark, failure);
        }
    }

    @Override
    public Optional<Rung> rung() {
        return Optional.ofNullable(rung);
    }

    private Pop3Look look() {
        Duration patience = deadline.remaining().dividedBy(PATIENCE_PART).plusMillis(1);
        return new Pop3Look(dialogue.wire(), dialogue.capabilities(), proofs, patience);
    }

    private Observation observed(Pop3Look look, @Nullable Pop3Mark mark, boolean exhaustive) {
        Observation seen = look.observe(mark, exhaustive);
        rung = look.rung();
        return seen;
    }

    /** Lists the maildrop over another connection, once: this one is out of step. */
    private Observation observedAnew(@Nullable Pop3Mark mark, MailFailure failure) {
        boolean answered = failure.code() == FailureCode.PROTOCOL_ERROR;
        if (answered) {
            proofs.lost(Rung.ENDS, "answered a short question out of step");
        }
        goodbye(dialogue.wire(), deadline);
        dialogue = opener.open();
        Observation seen = observed(look(), mark, true);
        if (!answered) {
            // Only now it is known that the server was there, and the question at fault.
            proofs.lost(Rung.ENDS, "left a short question without an answer");
        }
        return seen;
    }

    private boolean mayOpenAnew(MailFailure failure) {
        boolean dialogueAtFault =
                switch (failure.code()) {
                    case PROTOCOL_ERROR -> !(failure.getCause() instanceof ByteBudgetException);
                    case CONNECT_FAILED, TIMEOUT -> true;
                    default -> false;
                };
        return dialogueAtFault && !deadline.isPast() && loginDelay().isEmpty();
    }

    @Override
    public List<Envelope> envelopes(List<Long> messages) {
        return new Pop3Envelopes(dialogue.wire(), dialogue.capabilities().pipelining())
                .fetch(messages);
    }

    @Override
    public void close() {
        goodbye(dialogue.wire(), deadline);
    }

    /**
     * Says QUIT, which frees the server's lock on the maildrop, and hangs up. The answer is awaited
     * for a moment where the dialogue is sound.
     */
    static void goodbye(Pop3Wire wire, Deadline deadline) {
        LimitedSocket socket = wire.socket();
        try (socket) {
            if (!socket.isClosed()) {
                socket.renew(deadline.atMost(GOODBYE), GOODBYE_BYTES);
                boolean sound = !wire.isBroken();
                wire.send("QUIT");
                if (sound) {
                    wire.nextStatus();
                }
            }
        } catch (MailFailure | IOException e) {
            LOG.debug("the server did not take the goodbye: {}", e.getMessage());
        }
    }
}
