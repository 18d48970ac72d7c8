package dev.mailbell.mail.imap.protocol;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.connection.LimitedSocket;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import org.eclipse.angus.mail.iap.Argument;
import org.eclipse.angus.mail.iap.LiteralException;
import org.eclipse.angus.mail.iap.ProtocolException;
import org.eclipse.angus.mail.iap.Response;
import org.eclipse.angus.mail.iap.ResponseInputStream;
import org.eclipse.angus.mail.imap.protocol.IMAPProtocol;
import org.jspecify.annotations.Nullable;

/**
 * Sends commands and parses responses through Angus's protocol class. Angus's own commands are not
 * used, because they collect all responses before they evaluate them. After a failure the
 * connection is closed: {@link #isBroken()}.
 */
public final class ImapWire extends IMAPProtocol {
    /**
     * The maximum number of responses to a command: servers report each removed message on its own
     * line.
     */
    private static final int UNTAGGED_LIMIT = 200_000;

    private final LimitedSocket socket;
    private final StreamFaults written;
    private final Pipelining.Host host;
    private final BoundedResponses responses;
    private UntaggedListener listener = UntaggedListener.IGNORED;
    private boolean nonSynchronizing;
    private boolean broken;
    private boolean loggingOut;

    private final HeldLine held;

    private ImapWire(LimitedSocket socket, StreamFaults written, Pipelining.Host host)
            throws IOException {
        super(
                socket.getInputStream(),
                new PrintStream(written, false, StandardCharsets.US_ASCII),
                new Properties(),
                false);
        this.socket = socket;
        this.written = written;
        this.host = host;
        this.held = new HeldLine(socket, host);
        this.responses = new BoundedResponses(socket.getInputStream());
    }

    public static ImapWire over(LimitedSocket socket, Pipelining.Host host) {
        try {
            return new ImapWire(socket, new StreamFaults(socket.getOutputStream()), host);
        } catch (IOException e) {
            throw socket.failure(e);
        }
    }

    public LimitedSocket socket() {
        return socket;
    }

    public boolean isBroken() {
        return broken;
    }

    /** Sets the listener that receives every untagged response first, during any command. */
    public void onUntagged(UntaggedListener listener) {
        this.listener = listener;
    }

    /** Whether LITERAL+ or LITERAL- was offered (RFC 7888). */
    public void nonSynchronizingLiterals(boolean offered) {
        nonSynchronizing = offered;
    }

    @Override
    protected boolean supportsNonSyncLiterals() {
        return nonSynchronizing;
    }

    @Override
    protected ResponseInputStream getInputStream() {
        return responses;
    }

    /** Does not parse FETCH: Angus would parse it at once, and fail if it is malformed. */
    @Override
    public Response readResponse() throws IOException, ProtocolException {
        return new SharedResponse(this);
    }

    /** Sends a command and ignores the untagged responses. */
    public Reply command(String command) {
        return command(command, null, BoundedResponses.USUAL_LIMIT, UntaggedListener.IGNORED);
    }

    /** Sends a command and reads responses of at most {@code limit} octets up to its status. */
    public Reply command(
            String command, @Nullable Argument arguments, int limit, UntaggedListener untagged) {
        return guarded(() -> {
            responses.limit(limit);
            try {
                Reply reply = finish(send(command, arguments), untagged, null);
                answered();
                return reply;
            } catch (LiteralException e) {
                // The literal was refused before it was sent: the server is ready for the next
                // command.
                return Reply.of(e.getResponse());
            } finally {
                responses.limit(BoundedResponses.USUAL_LIMIT);
            }
        });
    }

    /** Sends a command that must not appear in a trace. */
    public Reply secretCommand(
            String command, @Nullable Argument arguments, UntaggedListener untagged) {
        suspendTracing();
        try {
            return command(command, arguments, BoundedResponses.USUAL_LIMIT, untagged);
        } finally {
            resumeTracing();
        }
    }

    /** Reads the greeting. */
    public SharedResponse greeting() {
        return guarded(this::next);
    }

    /** One step of a dialogue with continuations (RFC 9051, section 6.2.2). */
    public interface Dialogue {
        /** The answer to the server's challenge, which is in base64. */
        String answer(String challenge);
    }

    /** Runs AUTHENTICATE. */
    public Reply authenticate(String command, Dialogue dialogue, UntaggedListener untagged) {
        suspendTracing();
        try {
            return guarded(() -> {
                String tag = send(command, null);
                return finish(tag, untagged, dialogue);
            });
        } finally {
            resumeTracing();
        }
    }

    /** Upgrades to TLS once the server has agreed. */
    public void startTls() {
        guarded(() -> {
            if (responses.available() > 0) {
                throw socket.injected();
            }
            socket.startTls();
            return true;
        });
    }

    /** Sends LOGOUT and waits for the answer. */
    public void logOut() {
        loggingOut = true;
        command("LOGOUT");
    }

    public MailFailure protocolError(String what) {
        return broken(new MailFailure(FailureCode.PROTOCOL_ERROR, "the server " + what));
    }

    /** Writes a command and returns its tag; within {@link #guarded}. */
    public String send(String command, @Nullable Argument arguments)
            throws IOException, ProtocolException {
        held.sent();
        String tag = writeCommand(command, arguments);
        written.check();
        return tag;
    }

    private Reply finish(String tag, UntaggedListener untagged, @Nullable Dialogue dialogue)
            throws IOException, ProtocolException {
        UntaggedRefusal refusal = new UntaggedRefusal();
        for (int i = 0; i < UNTAGGED_LIMIT; i++) {
            SharedResponse response;
            try {
                response = next();
            } catch (IOException | MailFailure lost) {
                Reply refused = refusal.insteadOf(lost);
                broken = true;
                socket.cut();
                return refused;
            }
            if (response.isContinuation()) {
                if (dialogue == null && held.isHeld()) {
                    // A keep-alive of IDLE, sent before DONE arrived.
                    continue;
                }
                if (dialogue == null) {
                    throw protocolError("wants more where nothing is left to say");
                }
                sendLine(dialogue.answer(response.getRest().strip()));
            } else if (response.isTagged()) {
                if (!tag.equalsIgnoreCase(response.getTag())) {
                    continue;
                }
                if (!response.isOK() && !response.isNO() && !response.isBAD()) {
                    throw protocolError("ended a command neither with OK nor with NO or BAD");
                }
                return Reply.of(response);
            } else if (response.isUnTagged()) {
                refusal.take(response);
                untagged.accept(response.rewound());
            }
        }
        throw protocolError("sent more than " + UNTAGGED_LIMIT + " lines to one command");
    }

    /** The state of the server's host. */
    public Pipelining.Host host() {
        return host;
    }

    /** Buffers a line to send with the next command; both must be answered within this time. */
    public void sendWithNext(String line, Duration within) throws IOException {
        getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        held.hold(within);
    }

    /** Whether a line is buffered or not answered yet. */
    public boolean hasHeldLine() {
        return held.isHeld();
    }

    /** Records that the held line and the command after it are answered. */
    public void answered() {
        held.answered();
    }

    /** Sends a line without a tag. */
    public void sendLine(String line) throws IOException {
        OutputStream out = getOutputStream();
        out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
        written.check();
    }

    /** Reads one response; the listener of {@link #onUntagged} receives an untagged one first. */
    public SharedResponse next() throws IOException, ProtocolException {
        SharedResponse response = (SharedResponse) readResponse();
        if (response.isBYE() && !loggingOut) {
            throw Refusals.ofGoodbye(Reply.of(response));
        }
        if (response.isUnTagged()) {
            listener.accept(response);
            response.rewound();
        }
        return response;
    }

    /** A part of the dialogue. */
    public interface Step<T> {
        T run() throws IOException, ProtocolException;
    }

    /** Runs a part of the dialogue; any failure in it closes the connection. */
    public <T> T guarded(Step<T> step) {
        try {
            return step.run();
        } catch (MailFailure e) {
            throw broken(e);
        } catch (IOException e) {
            throw broken(socket.failure(e));
        } catch (ProtocolException | RuntimeException | OutOfMemoryError e) {
            // Angus throws unchecked exceptions for some malformed responses; they fail the session
            // only.
            throw broken(
                    new MailFailure(
                            FailureCode.PROTOCOL_ERROR,
                            "the server sent something that is not IMAP",
                            e));
        } finally {
            socket.parsed();
        }
    }

    private MailFailure broken(MailFailure failure) {
        if (!loggingOut && !broken) {
            held.lost();
        }
        broken = true;
        socket.cut();
        return failure;
    }
}
