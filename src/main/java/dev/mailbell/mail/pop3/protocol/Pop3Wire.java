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
 * Sends command lines and reads lines of at most {@value #LINE_LIMIT} octets. The socket limits
 * their total size and the time. After a failure commands and answers may be out of step: {@link
 * #isBroken()}.
 */
public final class Pop3Wire {
    /** The maximum number of octets of a line; RFC 2449 allows 512. */
    public static final int LINE_LIMIT = 8192;

    /** The maximum number of stray lines skipped before a status. */
    private static final int STRAY_LINES = 200;

    /** The length of a whole listing, which some servers send in answer to any command. */
    private static final int STRAY_LIMIT = KnownMessages.MAX_MESSAGES + 1;

    private final LimitedSocket socket;
    private final Silences silences;
    private final LineBuffer lines;
    private boolean broken;
    private boolean expectsStrayLines;

    public Pop3Wire(LimitedSocket socket, Silences silences) {
        this.socket = socket;
        this.silences = silences;
        this.lines = new LineBuffer(socket, LINE_LIMIT);
    }

    public LimitedSocket socket() {
        return socket;
    }

    /** How long the server may be silent. */
    public Silences silences() {
        return silences;
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
     * Reads a status line and skips lines before it: some servers send several lines where one is
     * expected, and the rest of an answer comes before the next status.
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

    /** Whether the next line is a status line; the next read returns it. */
    public boolean isStatusNext() {
        readLine(true);
        unread();
        return isStatus();
    }

    /** Makes the next read return the current line again. */
    public void unread() {
        lines.unread();
        socket.parsed();
    }

    /** Whether the current line is a status line. */
    public boolean isStatus() {
        return lines.startsWith("+OK") || isRefusal();
    }

    /** Whether no line arrives within the time; a line that arrives is kept. */
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

    /** Whether a complete unread line has arrived. */
    public boolean hasLine() {
        return lines.hasLine();
    }

    /** From now on stray lines before a status are skipped. */
    void expectStrayLines() {
        expectsStrayLines = true;
    }

    /** Reads a status line. */
    public Reply readReply() {
        Reply reply = asReply();
        if (reply != null) {
            return reply;
        }
        if (!expectsStrayLines) {
            throw protocolError("answered neither +OK nor -ERR");
        }
        return replyAfterStrayLine();
    }

    /** Reads the status line after a stray line. */
    public Reply replyAfterStrayLine() {
        for (int passed = 1; passed < STRAY_LINES; passed++) {
            if (!hasLine() && isQuietFor(silences.status())) {
                break;
            }
            Reply reply = asReply();
            if (reply != null) {
                return reply;
            }
        }
        throw protocolError("answered neither +OK nor -ERR");
    }

    /** Reads a line; returns null if it is not a status line. It is the current line then. */
    public @Nullable Reply asReply() {
        readLine(true);
        socket.parsed();
        int indent = lines.indent();
        if (lines.startsWith("+OK")) {
            return new Reply(true, text(indent + 3).strip());
        }
        return isRefusal() ? new Reply(false, text(indent + 4).strip()) : null;
    }

    /** hMailServer says +ERR to a login where it cannot read the mailbox. */
    private boolean isRefusal() {
        return lines.startsWith("-ERR") || lines.startsWith("+ERR ");
    }

    /**
     * Reads the next line of a multi-line answer and removes its dot-stuffing.
     *
     * @param strict whether a line that is too long is a failure; otherwise it is truncated
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

    /** The offset of the current line in {@link #array()}. */
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
