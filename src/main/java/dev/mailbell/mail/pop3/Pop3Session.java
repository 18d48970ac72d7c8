package dev.mailbell.mail.pop3;

import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.LimitedSocket;
import dev.mailbell.mail.LookRequest;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Rung;
import dev.mailbell.mark.Observation;
import dev.mailbell.mark.Pop3Mark;
import dev.mailbell.mark.Pop3Observation;
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

    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final Deadline deadline;
    private @Nullable Rung rung;

    Pop3Session(Pop3Wire wire, Capabilities capabilities, Deadline deadline) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.deadline = deadline;
    }

    @Override
    public List<String> capabilities() {
        return capabilities.lines();
    }

    @Override
    public Optional<Duration> loginDelay() {
        return capabilities.loginDelay();
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
        Pop3Observation seen =
                new Pop3Look(wire, capabilities)
                        .observe((Pop3Mark) request.mark(), request.exhaustive());
        rung =
                switch (seen) {
                    case Pop3Observation.Unchanged() -> Rung.ENDS;
                    case Pop3Observation.Tail tail -> Rung.TAIL;
                    case Pop3Observation.Full(var mark, var messages) ->
                            mark.approximate() ? Rung.SIZES : Rung.LISTING;
                };
        return seen;
    }

    @Override
    public Optional<Rung> rung() {
        return Optional.ofNullable(rung);
    }

    @Override
    public List<Envelope> envelopes(List<Long> messages) {
        return new Pop3Envelopes(wire, capabilities.pipelining()).fetch(messages);
    }

    @Override
    public void close() {
        goodbye(wire, deadline);
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
                    wire.readReply();
                }
            }
        } catch (MailFailure | IOException e) {
            LOG.debug("the server did not take the goodbye: {}", e.getMessage());
        }
    }
}
