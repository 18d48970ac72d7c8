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
 * A session in the transaction state (RFC 1939, section 5). A session does not show messages that
 * arrive during it, so each check has its own session.
 */
final class Pop3Session implements MailSession {
    private static final Logger LOG = LoggerFactory.getLogger(Pop3Session.class);
    private static final Duration LOGOUT_TIMEOUT = Duration.ofSeconds(2);
    private static final long LOGOUT_BYTES = 64 * 1024;

    private final Opener opener;
    private final AccountProofs proofs;
    private final ServerQuirks quirks;
    private final InstantSource clock;
    private final Deadline deadline;
    private Dialogue dialogue;
    private @Nullable Proof proof;

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
            ServerQuirks quirks,
            InstantSource clock,
            Deadline deadline) {
        this.opener = opener;
        this.proofs = proofs;
        this.quirks = quirks;
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
        Pop3Check check = check();
        try {
            return observed(check, mark, request.exhaustive(), request.lastCheckedAt());
        } catch (MailFailure failure) {
            if (!check.hasFailedInShortcut() || !mayReconnect(failure)) {
                throw failure;
            }
            return observedInNewSession(mark, failure, request.lastCheckedAt());
        }
    }

    @Override
    public Optional<Proof> proof() {
        return Optional.ofNullable(proof);
    }

    private Pop3Check check() {
        return new Pop3Check(dialogue.wire(), dialogue.capabilities(), proofs, quirks, patience());
    }

    private Observation observed(
            Pop3Check check,
            @Nullable Pop3Mark mark,
            boolean exhaustive,
            @Nullable Instant lastCheckedAt) {
        Observation seen = check.observe(mark, exhaustive, isThorough(lastCheckedAt));
        proof = check.proof();
        return seen instanceof Full full && full.mark().basis() == Basis.UIDS
                ? new Full(
                        full.mark(),
                        full.messages(),
                        new ListingQueries(this, quirks, full, lastCheckedAt))
                : seen;
    }

    /**
     * Whether this is the first check in an hour; each maildrop's hours begin at another minute.
     */
    private boolean isThorough(@Nullable Instant lastCheckedAt) {
        return lastCheckedAt != null
                && quirks.hourOf(lastCheckedAt) != quirks.hourOf(clock.instant())
                && quirks.answersBeyondLast();
    }

    /** Lists the maildrop in a new session, which replaces this one. */
    Full listInNewSession() {
        logOut(dialogue.wire(), deadline);
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
        proof = listing.proof().orElse(Proof.HEADERS);
        return seen;
    }

    Facts[] headers(int[] numbers) {
        return messageHeaders().read(numbers);
    }

    private MessageHeaders messageHeaders() {
        return new MessageHeaders(dialogue.wire(), dialogue.capabilities(), quirks);
    }

    private Duration patience() {
        return dialogue.wire().silences().patience(deadline);
    }

    /** Lists the maildrop over another connection, once, after this one has failed. */
    private Observation observedInNewSession(
            @Nullable Pop3Mark mark, MailFailure failure, @Nullable Instant lastCheckedAt) {
        boolean answered = failure.code() == FailureCode.PROTOCOL_ERROR;
        if (answered) {
            proofs.failed(Proof.ENDS, "answered a short question out of step");
        }
        logOut(dialogue.wire(), deadline);
        try {
            dialogue = opener.open();
        } catch (MailFailure refusal) {
            if (!answered && Pop3Sessions.isAnswerToLogin(refusal)) {
                // Otherwise each check would lose its session here and need a second login.
                proofs.unanswered(Proof.ENDS);
            }
            throw Pop3Sessions.afterAcceptedLogin(refusal);
        }
        Observation seen = observed(check(), mark, true, lastCheckedAt);
        if (!answered) {
            // Only now it is known that the server is reachable and did not answer the command.
            proofs.unanswered(Proof.ENDS);
        }
        return seen;
    }

    private boolean mayReconnect(MailFailure failure) {
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
        logOut(dialogue.wire(), deadline);
    }

    /**
     * Sends QUIT, which releases the server's lock on the maildrop, and closes the connection. If
     * the dialogue is intact, the answer is awaited for a short time.
     */
    static void logOut(Pop3Wire wire, Deadline deadline) {
        LimitedSocket socket = wire.socket();
        try (socket) {
            if (!socket.isClosed()) {
                socket.renew(deadline.atMost(LOGOUT_TIMEOUT), LOGOUT_BYTES);
                boolean sound = !wire.isBroken();
                wire.send("QUIT");
                if (sound) {
                    wire.nextStatus();
                }
            }
        } catch (MailFailure | IOException e) {
            LOG.debug("the server did not answer QUIT: {}", e.getMessage());
        }
    }
}
