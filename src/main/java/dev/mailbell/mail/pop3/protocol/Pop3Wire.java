package dev.mailbell.mail.pop3.protocol;

import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.connection.LimitedSocket;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Lines out, lines in. A line ends with CRLF or a bare LF, and is never longer than {@link
 * #LINE_LIMIT}; how many come, and for how long, the socket bounds. After a failure the dialogue
 * has lost its step: {@link #isBroken()}.
 */
public final class Pop3Wire {
    /** RFC 2449 allows 512 octets; sound servers stay below, an endless line does not. */
    public static final int LINE_LIMIT = 8192;

    /** Lines that answer nothing, passed over before a status at most. */
    private static final int STRAY_LINES = 200;

    /** Behind a stray line the status is waited for only so long. */
    private static final Duration STRAY_PAUSE = Duration.ofSeconds(2);

    /** As many as a whole listing has: some servers give it whatever is asked. */
    private static final int STRAY_LIMIT = KnownMessages.MOST + 1;

    private final LimitedSocket socket;
    private final LineBuffer lines;
    private boolean broken;
    private boolean straying;

    public Pop3Wire(LimitedSocket socket) {
        this.socket = socket;
        this.lines = new LineBuffer(socket, LINE_LIMIT);
    }

    public LimitedSocket socket() {
        return socket;
    }

    public boolean isBroken() {
        return broken;
    }

    /** Sends commands in one go; the text is never logged, since it may hold a password. */
    public void send(String... commands) {
        StringBuilder text = new StringBuilder();
        for (String command : commands) {
            text.append(command).append("\r\n");
        }
        try {
            socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw broken(socket.failure(e));
        }
    }

    /** Upgrades to TLS once the server has agreed. */
    public void startTls() {
        if (!lines.isEmpty()) {
            throw broken(socket.injected());
        }
        try {
            socket.startTls();
        } catch (MailFailure e) {
            throw broken(e);
        }
    }

    /**
     * Reads a status line and skips lines before it: servers exist that answer a command of one
     * line in several, and what is left over of an answer always comes before the next status.
     */
    public Reply nextStatus() {
        for (int skipped = 0; skipped <= STRAY_LIMIT; skipped++) {
            Reply reply = asReply();
            if (reply != null) {
                return reply;
            }
        }
        throw protocolError("sends lines without end that answer no command");
    }

    /** Whether the next line is a status line; it is read again after this. */
    public boolean isStatusNext() {
        readLine(true);
        unread();
        return isStatus();
    }

    /** Takes the current line back: the next read gives it again. */
    public void unread() {
        lines.unread();
        socket.parsed();
    }

    /** Whether the current line is a status line. */
    public boolean isStatus() {
        return lines.startsWith("+OK") || lines.startsWith("-ERR");
    }

    /** Whether no further line comes for a while; nothing is lost when one does. */
    public boolean isQuietFor(Duration span) {
        int before = socket.getSoTimeout();
        socket.setSoTimeout((int) span.toMillis());
        try {
            while (!lines.isReadable()) {
                lines.receive();
            }
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        } catch (IOException e) {
            throw broken(socket.failure(e));
        } finally {
            socket.setSoTimeout(before);
        }
    }

    /** Whether a whole line has arrived that was not read yet. */
    public boolean hasLine() {
        return lines.hasLine();
    }

    /** From now on lines may come that answer nothing: they are passed over before a status. */
    void expectStrayLines() {
        straying = true;
    }

    /** Reads a status line. */
    public Reply readReply() {
        Reply reply = asReply();
        if (reply != null) {
            return reply;
        }
        if (!straying) {
            throw protocolError("answered neither +OK nor -ERR");
        }
        return replyBehindStrayLine();
    }

    /** Reads the status line behind a line that answers nothing. */
    public Reply replyBehindStrayLine() {
        for (int passed = 1; passed < STRAY_LINES; passed++) {
            if (!hasLine() && isQuietFor(STRAY_PAUSE)) {
                break;
            }
            Reply reply = asReply();
            if (reply != null) {
                return reply;
            }
        }
        throw protocolError("answered neither +OK nor -ERR");
    }

    /**
     * Reads a line that is a status, or else (null) another one, which is the current line then.
     */
    public @Nullable Reply asReply() {
        readLine(true);
        socket.parsed();
        int indent = lines.indent();
        if (lines.startsWith("+OK")) {
            return new Reply(true, text(indent + 3).strip());
        }
        return lines.startsWith("-ERR") ? new Reply(false, text(indent + 4).strip()) : null;
    }

    /**
     * Reads the next line of a multi-line answer, without the dot it may be stuffed with.
     *
     * @param strict whether a line that is too long is a failure, instead of cut short
     * @return false at the dot that ends the answer
     */
    public boolean nextLine(boolean strict) {
        readLine(strict);
        if (lines.isEndOfAnswer()) {
            socket.parsed();
            return false;
        }
        lines.unstuff();
        return true;
    }

    public byte[] array() {
        return lines.array();
    }

    /** Where in {@link #array()} the current line starts. */
    public int start() {
        return lines.start();
    }

    public int length() {
        return lines.length();
    }

    /** The current line from an offset on, as ISO 8859-1. */
    public String text(int from) {
        return lines.text(from);
    }

    public MailFailure protocolError(String what) {
        return broken(new MailFailure(FailureCode.PROTOCOL_ERROR, "the server " + what));
    }

    public MailFailure broken(MailFailure failure) {
        broken = true;
        socket.parsed();
        return failure;
    }

    private void readLine(boolean strict) {
        try {
            if (!lines.read(strict)) {
                throw protocolError("sent a line longer than " + LINE_LIMIT + " octets");
            }
        } catch (IOException e) {
            throw broken(socket.failure(e));
        }
    }
}
