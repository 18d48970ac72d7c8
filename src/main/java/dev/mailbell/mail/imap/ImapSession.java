package dev.mailbell.mail.imap;

import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.LimitedSocket;
import dev.mailbell.mail.LookRequest;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mark.ImapMark;
import dev.mailbell.mark.ImapObservation;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session that is logged in. It can be kept: {@linkplain #renew renewed} before each look, it
 * looks as often as one likes, at several mailboxes in turn.
 */
public final class ImapSession implements MailSession {
    private static final Logger LOG = LoggerFactory.getLogger(ImapSession.class);
    private static final Duration GOODBYE = Duration.ofSeconds(2);
    private static final long GOODBYE_BYTES = 64 * 1024;

    private final ImapWire wire;
    private final Capabilities capabilities;
    private final Mailboxes mailboxes;
    private final long byteBudget;
    private Deadline deadline;
    private @Nullable String observed;

    ImapSession(ImapWire wire, Capabilities capabilities, Deadline deadline, long byteBudget) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.mailboxes = new Mailboxes(wire, capabilities);
        this.deadline = deadline;
        this.byteBudget = byteBudget;
    }

    /**
     * Gives a kept session a new deadline and byte budget. The deadline holds while the session
     * rests, too: one that is kept from look to look wants one that reaches beyond the next.
     *
     * @throws MailFailure timeout when the deadline before has passed: the session is over
     */
    public void renew(Deadline next) {
        deadline = next;
        wire.socket().renew(next, byteBudget);
    }

    @Override
    public List<String> capabilities() {
        return capabilities.list();
    }

    @Override
    public Optional<Duration> loginDelay() {
        return Optional.empty();
    }

    @Override
    public void expect(List<String> names) {
        mailboxes.askAhead(names);
    }

    @Override
    public ImapObservation observe(LookRequest request) {
        if (request.mark() != null && !(request.mark() instanceof ImapMark)) {
            throw new IllegalArgumentException("not a mark of IMAP: " + request.mark());
        }
        observed = request.mailbox();
        return new ImapLook(mailboxes, request).observe();
    }

    @Override
    public List<Envelope> envelopes(List<Long> uids) {
        if (uids.isEmpty()) {
            return List.of();
        }
        if (observed == null) {
            throw new IllegalStateException("no mailbox has been observed");
        }
        if (!mailboxes.isSelected(observed)) {
            mailboxes.examine(observed);
        }
        return ImapEnvelopes.fetch(mailboxes, uids);
    }

    /** The names of the mailboxes that can be observed, in Unicode; at most 10,000. */
    public List<String> mailboxes() {
        return mailboxes.list();
    }

    @Override
    public void close() {
        goodbye(wire, deadline);
    }

    static void goodbye(ImapWire wire, Deadline deadline) {
        LimitedSocket socket = wire.socket();
        try (socket) {
            if (!wire.isBroken() && !socket.isClosed()) {
                socket.renew(deadline.atMost(GOODBYE), GOODBYE_BYTES);
                wire.sayGoodbye();
            }
        } catch (MailFailure | IOException e) {
            LOG.debug("the server did not take the goodbye: {}", e.getMessage());
        }
    }
}
