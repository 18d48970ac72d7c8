package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapObservation;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.PushSession;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.mail.imap.protocol.Capabilities;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session that is logged in. It can be kept for any number of checks of several mailboxes and is
 * {@linkplain #renew renewed} before each.
 */
public final class ImapSession implements PushSession {
    private static final Logger LOG = LoggerFactory.getLogger(ImapSession.class);
    private static final Duration LOGOUT_TIMEOUT = Duration.ofSeconds(2);
    private static final long LOGOUT_BYTES = 64 * 1024;

    private final ImapWire wire;
    private final Capabilities capabilities;
    private final MailboxCommands mailboxes;
    private final LostEnvelopes.OfLogin lostEnvelopes;
    private final Idle idle;
    private final long byteBudget;
    private final Duration tick;
    private List<String> pushed = List.of();
    private Deadline deadline;
    private @Nullable String observed;
    private boolean upToDate;
    private boolean refused;
    private final IdleEndings endings = new IdleEndings();

    ImapSession(
            ImapWire wire,
            Capabilities capabilities,
            ProofLadder ladder,
            MailboxSpellings.OfLogin spellings,
            LostEnvelopes.OfLogin lostEnvelopes,
            Duration doneTimeout,
            Duration tick,
            Deadline deadline,
            long byteBudget) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.mailboxes = new MailboxCommands(wire, capabilities, ladder, spellings);
        this.lostEnvelopes = lostEnvelopes;
        this.idle = new Idle(wire, doneTimeout);
        this.deadline = deadline;
        this.byteBudget = byteBudget;
        this.tick = tick;
    }

    @Override
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
        upToDate = false;
        if (new HashSet<>(names).containsAll(pushed)) {
            // This check covers everything reported about these mailboxes so far.
            mailboxes.clearHintElsewhere();
        }
        mailboxes.prefetch(names);
    }

    @Override
    public ImapObservation observe(CheckRequest request) {
        if (request.mark() != null && !(request.mark() instanceof ImapMark)) {
            throw new IllegalArgumentException("not a mark of IMAP: " + request.mark());
        }
        observed = request.mailbox();
        boolean current = upToDate;
        upToDate = false;
        return new ImapCheck(
                        mailboxes, request, current && !request.exhaustive(), this::awaitNextSecond)
                .observe();
    }

    private void awaitNextSecond() {
        Duration left = deadline.remaining();
        Idle.pause(left.compareTo(tick) < 0 ? left : tick);
    }

    @Override
    public Optional<Proof> proof() {
        return mailboxes.ladder().used();
    }

    @Override
    public boolean offersPush() {
        return capabilities.has("IDLE") && !refused;
    }

    @Override
    public boolean push(List<String> names) {
        pushed = List.copyOf(names);
        return mailboxes.push(names);
    }

    @Override
    public boolean canPush() {
        return offersPush() && mailboxes.keptOpen() != null;
    }

    @Override
    public Wake await(HintPolicy policy) {
        SelectedMailbox open = mailboxes.keptOpen();
        if (open == null || !offersPush()) {
            throw new IllegalStateException("no mailbox is open to wait for");
        }
        boolean interrupted = idle.clearInterrupt();
        Hints hints = new Hints(open, policy);
        if (hints.listenOn().isPresent()) {
            return hints.wake();
        }
        if (interrupted) {
            return Wake.INTERRUPTED;
        }
        long started = System.nanoTime();
        // If only the open mailbox was reported, a search follows, which may be sent with DONE.
        Idle.End end =
                idle.run(
                        () -> hasHint(open),
                        hints::granted,
                        () -> open.hasHint() && !mailboxes.hasHintElsewhere());
        idle.clearInterrupt();
        endings.ended(end == Idle.End.BY_SERVER, System.nanoTime() - started);
        if (end == Idle.End.REFUSED || endings.areTooMany()) {
            refused = true;
            return Wake.REFUSED;
        }
        if (hints.isGranted() || hints.listenOn().isPresent()) {
            return hints.wake();
        }
        return end == Idle.End.BY_SERVER ? Wake.ENDED : Wake.INTERRUPTED;
    }

    /** The hints during one waiting, and the one that ends it. */
    private final class Hints {
        private final SelectedMailbox open;
        private final HintPolicy policy;
        private @Nullable Hint granted;

        Hints(SelectedMailbox open, HintPolicy policy) {
            this.open = open;
            this.policy = policy;
        }

        /** How long to listen on for the hint that may end the waiting; empty for none. */
        Optional<Duration> granted() {
            Optional<Duration> time = Optional.empty();
            if (open.hasHint() && open.hasGrown()) {
                time = ask(Hint.GROWN);
            }
            if (time.isEmpty() && mailboxes.hasHintElsewhere()) {
                time = ask(Hint.ELSEWHERE);
            }
            if (time.isEmpty() && open.hasHint() && !open.hasGrown()) {
                time = ask(Hint.REPEATED);
            }
            return time;
        }

        private Optional<Duration> ask(Hint hint) {
            Optional<Duration> time = policy.listenOn(hint);
            if (time.isPresent()) {
                granted = hint;
            }
            return time;
        }

        /** The same outside of IDLE; what the server sends meanwhile is read later. */
        Optional<Duration> listenOn() {
            Optional<Duration> time = granted();
            time.ifPresent(Idle::pause);
            return time;
        }

        boolean isGranted() {
            return granted != null;
        }

        Wake wake() {
            if (granted == Hint.ELSEWHERE) {
                mailboxes.clearHintElsewhere();
                return Wake.CHANGED_ELSEWHERE;
            }
            // The server has just reported the state of the open mailbox.
            upToDate = true;
            return Wake.CHANGED;
        }
    }

    private boolean hasHint(SelectedMailbox open) {
        return open.hasHint() || mailboxes.hasHintElsewhere();
    }

    @Override
    public void interrupt() {
        idle.interrupt();
    }

    @Override
    public void cut() {
        wire.socket().cut();
    }

    @Override
    public List<Envelope> envelopes(List<Long> uids) {
        if (uids.isEmpty()) {
            return List.of();
        }
        if (observed == null) {
            throw new IllegalStateException("no mailbox has been observed");
        }
        List<Long> readable = lostEnvelopes.without(observed, uids);
        List<Envelope> envelopes = List.of();
        if (!readable.isEmpty()) {
            if (!mailboxes.isSelected(observed)) {
                mailboxes.examine(observed);
            }
            try {
                envelopes = ImapEnvelopes.fetch(mailboxes, readable);
            } catch (MailFailure failure) {
                lostEnvelopes.lostAt(observed, readable);
                throw failure;
            }
        }
        lostEnvelopes.forget(observed);
        return envelopes;
    }

    @Override
    public Optional<Instant> arrivedAt(long uid) {
        return observed != null && mailboxes.isSelected(observed)
                ? new Arrivals(mailboxes).of(uid)
                : Optional.empty();
    }

    /** The names of the mailboxes that can be observed, in Unicode; at most 10,000. */
    public List<String> mailboxes() {
        return mailboxes.list();
    }

    @Override
    public void close() {
        logOut(wire, deadline);
    }

    static void logOut(ImapWire wire, Deadline deadline) {
        LimitedSocket socket = wire.socket();
        try (socket) {
            if (!wire.isBroken() && !socket.isClosed()) {
                socket.renew(deadline.atMost(LOGOUT_TIMEOUT), LOGOUT_BYTES);
                wire.logOut();
            }
        } catch (MailFailure | IOException e) {
            LOG.debug("the server did not answer LOGOUT: {}", e.getMessage());
        }
    }
}
