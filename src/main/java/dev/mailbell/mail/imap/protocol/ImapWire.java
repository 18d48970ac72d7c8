package dev.mailbell.mail.imap.protocol;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.network.Deadline;
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
 * Commands out, responses in, through Angus's protocol class: it writes arguments and literals and
 * takes responses apart. Its own commands are not used: they gather whatever comes before they look
 * at it, and name failures by classes that say nothing. After a failure the connection is cut:
 * {@link #isBroken()}.
 */
public final class ImapWire extends IMAPProtocol {
    /** Servers announce each message that was removed on a line of its own. */
    private static final int UNTAGGED_LIMIT = 200_000;

    /** Takes the untagged responses of a command as they come. */
    @FunctionalInterface
    public interface Untagged {
        void accept(SharedResponse line);

        /** Nothing is expected. */
        Untagged IGNORED = line -> {};
    }

    private final LimitedSocket socket;
    private final StreamFaults written;
    private final Pipelining.Host host;
    private final BoundedResponses responses;
    private Untagged always = Untagged.IGNORED;
    private boolean nonSynchronizing;
    private boolean broken;
    private boolean leaving;

    /** Since a line is held back: within what time it and the next command must be answered. */
    private @Nullable Duration held;

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

    /** Who is shown every untagged response first, whatever command it comes with. */
    public void always(Untagged listener) {
        always = listener;
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

    /** Leaves FETCH as it is: Angus would take it apart at once, and fail where it is odd. */
    @Override
    public Response readResponse() throws IOException, ProtocolException {
        return new SharedResponse(this);
    }

    /** Sends a command that wants no answer but its status. */
    public Reply command(String command) {
        return command(command, null, BoundedResponses.USUAL_LIMIT, Untagged.IGNORED);
    }

    /**
     * Sends a command and reads to its end.
     *
     * @param limit octets that one response may have
     */
    public Reply command(
            String command, @Nullable Argument arguments, int limit, Untagged untagged) {
        return guarded(() -> {
            responses.limit(limit);
            try {
                Reply reply = finish(send(command, arguments), untagged);
                answered();
                return reply;
            } catch (LiteralException e) {
                // Refused before it was sent: the server is ready for the next command.
                return Reply.of(e.getResponse());
            } finally {
                responses.limit(BoundedResponses.USUAL_LIMIT);
            }
        });
    }

    /** Sends a command whose words no trace may hold. */
    public Reply secretCommand(String command, @Nullable Argument arguments, Untagged untagged) {
        suspendTracing();
        try {
            return command(command, arguments, BoundedResponses.USUAL_LIMIT, untagged);
        } finally {
            resumeTracing();
        }
    }

    /** Reads the greeting, which is no answer to anything. */
    public SharedResponse greeting() {
        return guarded(this::next);
    }

    /** One step of a dialogue with continuations (RFC 9051, section 6.2.2). */
    public interface Dialogue {
        /** What to say to the server's challenge, which is in base64. */
        String answer(String challenge);
    }

    /** Runs AUTHENTICATE. */
    public Reply authenticate(String command, Dialogue dialogue, Untagged untagged) {
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

    /** Says LOGOUT; the answer is awaited where the dialogue is sound. */
    public void sayGoodbye() {
        leaving = true;
        command("LOGOUT");
    }

    public MailFailure protocolError(String what) {
        return broken(new MailFailure(FailureCode.PROTOCOL_ERROR, "the server " + what));
    }

    /** Writes a command and returns its tag; within {@link #guarded}. */
    public String send(String command, @Nullable Argument arguments)
            throws IOException, ProtocolException {
        Duration within = held;
        if (within != null) {
            socket.hasten(Deadline.after(within));
        }
        String tag = writeCommand(command, arguments);
        written.check();
        return tag;
    }

    private Reply finish(String tag, Untagged untagged) throws IOException, ProtocolException {
        return finish(
                tag,
                untagged,
                challenge -> {
                    throw protocolError("wants more where nothing is left to say");
                });
    }

    private Reply finish(String tag, Untagged untagged, Dialogue dialogue)
            throws IOException, ProtocolException {
        for (int i = 0; i < UNTAGGED_LIMIT; i++) {
            SharedResponse response = next();
            if (response.isContinuation()) {
                say(dialogue.answer(response.getRest().strip()));
            } else if (response.isTagged()) {
                if (!tag.equalsIgnoreCase(response.getTag())) {
                    continue;
                }
                if (!response.isOK() && !response.isNO() && !response.isBAD()) {
                    throw protocolError("ended a command neither with OK nor with NO or BAD");
                }
                return Reply.of(response);
            } else if (response.isUnTagged()) {
                untagged.accept(response.rewound());
            }
        }
        throw protocolError("sent more than " + UNTAGGED_LIMIT + " lines to one command");
    }

    /** What is known of the server's host. */
    public Pipelining.Host host() {
        return host;
    }

    /**
     * Writes a line that goes out with the next command, whatever it will be.
     *
     * @param within from then on the server must have answered both within this
     */
    public void sayWithNext(String line, Duration within) throws IOException {
        getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        held = within;
    }

    /** Whether the next command goes out together with the end of another. */
    public boolean holdsLine() {
        return held != null;
    }

    /** The command behind a held line is answered, and so is that line. */
    public void answered() {
        if (held != null) {
            held = null;
            socket.relax();
            host.answered();
        }
    }

    /** Writes a line that is no command. */
    public void say(String line) throws IOException {
        OutputStream out = getOutputStream();
        out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
        written.check();
    }

    /** Reads one response; an untagged one is shown to {@link #always}'s listener first. */
    public SharedResponse next() throws IOException, ProtocolException {
        SharedResponse response = (SharedResponse) readResponse();
        if (response.isBYE() && !leaving) {
            throw Refusals.ofGoodbye(Reply.of(response));
        }
        if (response.isUnTagged()) {
            always.accept(response);
            response.rewound();
        }
        return response;
    }

    /** A part of the dialogue. */
    public interface Step<T> {
        T run() throws IOException, ProtocolException;
    }

    /** Runs a part of the dialogue; whatever goes wrong in it cuts the connection. */
    public <T> T guarded(Step<T> step) {
        try {
            return step.run();
        } catch (MailFailure e) {
            throw broken(e);
        } catch (IOException e) {
            throw broken(socket.failure(e));
        } catch (ProtocolException | RuntimeException | OutOfMemoryError e) {
            // Angus trips over some of what it does not expect; a session is no reason to end the
            // daemon.
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
        if (held != null && !leaving && !broken) {
            host.failed();
        }
        broken = true;
        socket.cut();
        return failure;
    }
}
