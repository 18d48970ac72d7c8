package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Observation;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.connection.ByteBudgetException;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.mail.pop3.MessageHeaders.Facts;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
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
    private final AccountProofs proofs;
    private final ServerQuirks habits;
    private final InstantSource clock;
    private final Deadline deadline;
    private Dialogue dialogue;
    private @Nullable Proof rung;

    /** A connection that is logged in. */
    record Dialogue(Pop3Wire wire, Capabilities capabilities) {}

    /** Connects and logs in. */
    @FunctionalInterface
    interface Opener {
        Dialogue open();
    }

    Pop3Session(
            Opener opener,
            AccountProofs proofs,
            ServerQuirks habits,
            InstantSource clock,
            Deadline deadline) {
        this.opener = opener;
        this.proofs = proofs;
        this.habits = habits;
        this.clock = clock;
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
    public Observation observe(CheckRequest request) {
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
        Pop3Check look = look();
        try {
            return observed(look, mark, request.exhaustive(), request.lastLook());
        } catch (MailFailure failure) {
            if (!look.hasFailedInShortcut() || !mayOpenAnew(failure)) {
                throw failure;
            }
            return observedAnew(mark, failure, request.lastLook());
        }
    }

    @Override
    public Optional<Proof> rung() {
        return Optional.ofNullable(rung);
    }

    private Pop3Check look() {
        return new Pop3Check(dialogue.wire(), dialogue.capabilities(), proofs, habits, patience());
    }

    private Observation observed(
            Pop3Check look,
            @Nullable Pop3Mark mark,
            boolean exhaustive,
            @Nullable Instant lastLook) {
        Observation seen = look.observe(mark, exhaustive, isThorough(lastLook));
        rung = look.rung();
        return seen instanceof Full full && full.mark().basis() == Basis.UIDS
                ? new Full(
                        full.mark(),
                        full.messages(),
                        new UidComparison(this, habits, full, lastLook))
                : seen;
    }

    /** The first look of each hour, which begins for each maildrop at a minute of its own. */
    private boolean isThorough(@Nullable Instant lastLook) {
        return lastLook != null
                && habits.hourOf(lastLook) != habits.hourOf(clock.instant())
                && habits.answersBehindTheLast();
    }

    /** Lists the maildrop in a session of its own, which takes the place of this one. */
    Full listAnew() {
        goodbye(dialogue.wire(), deadline);
        dialogue = opener.open();
        MaildropListing listing =
                new MaildropListing(
                        dialogue.wire(),
                        dialogue.capabilities(),
                        new Listings(dialogue.wire()),
                        messageHeaders(),
                        proofs,
                        patience());
        return listing.list(null, null, false);
    }

    /** Lists the maildrop by headers or sizes. */
    Full listWithoutUids() {
        IdentityListing listing =
                new IdentityListing(
                        dialogue.wire(),
                        dialogue.capabilities(),
                        new Listings(dialogue.wire()),
                        messageHeaders());
        Full seen = listing.list(Basis.HEADERS, null);
        rung = listing.rung().orElse(Proof.HEADERS);
        return seen;
    }

    Facts[] headers(int[] numbers) {
        return messageHeaders().read(numbers);
    }

    private MessageHeaders messageHeaders() {
        return new MessageHeaders(dialogue.wire(), dialogue.capabilities(), habits);
    }

    private Duration patience() {
        return deadline.remaining().dividedBy(PATIENCE_PART).plusMillis(1);
    }

    /** Lists the maildrop over another connection, once: this one is out of step. */
    private Observation observedAnew(
            @Nullable Pop3Mark mark, MailFailure failure, @Nullable Instant lastLook) {
        boolean answered = failure.code() == FailureCode.PROTOCOL_ERROR;
        if (answered) {
            proofs.lost(Proof.ENDS, "answered a short question out of step");
        }
        goodbye(dialogue.wire(), deadline);
        dialogue = opener.open();
        Observation seen = observed(look(), mark, true, lastLook);
        if (!answered) {
            // Only now it is known that the server was there, and the question at fault.
            proofs.unanswered(Proof.ENDS);
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
