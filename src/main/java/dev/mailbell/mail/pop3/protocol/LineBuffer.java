package dev.mailbell.mail.pop3.protocol;

import dev.mailbell.mail.connection.LimitedSocket;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Splits the octets of a socket into lines, one of which is the current line. A line ends with CRLF
 * or a bare LF.
 */
final class LineBuffer {
    private final LimitedSocket socket;
    private final int limit;
    private final byte[] buffer;
    private int next;
    private int end;
    private int start;
    private int length;
    private boolean skipping;
    private boolean unread;

    /**
     * @param limit the maximum number of octets of a line
     */
    LineBuffer(LimitedSocket socket, int limit) {
        this.socket = socket;
        this.limit = limit;
        this.buffer = new byte[2 * limit];
    }

    /**
     * Makes the next line the current one.
     *
     * @param strict whether a line that is too long is a fault; otherwise it may be truncated
     * @return false if the line is too long
     */
    boolean read(boolean strict) throws IOException {
        if (unread) {
            unread = false;
            return true;
        }
        if (skipping) {
            skipRest();
        }
        int scanned = next;
        while (true) {
            for (int i = scanned; i < end; i++) {
                if (buffer[i] == '\n') {
                    if (strict && i - next > limit) {
                        return false;
                    }
                    take(i, i + 1);
                    return true;
                }
            }
            if (end - next > limit) {
                if (strict) {
                    return false;
                }
                take(next + limit, next + limit);
                skipping = true;
                return true;
            }
            scanned = end - next;
            receive();
        }
    }

    private void take(int lineEnd, int following) {
        start = next;
        length = lineEnd - start;
        while (length > 0 && buffer[start + length - 1] == '\r') {
            length--;
        }
        next = following;
    }

    private void skipRest() throws IOException {
        while (true) {
            while (next < end) {
                if (buffer[next++] == '\n') {
                    skipping = false;
                    return;
                }
            }
            receive();
        }
    }

    /** Moves the unread octets to the front and reads more after them. */
    void receive() throws IOException {
        System.arraycopy(buffer, next, buffer, 0, end - next);
        end -= next;
        next = 0;
        int count = socket.getInputStream().read(buffer, end, buffer.length - end);
        if (count < 0) {
            throw new EOFException();
        }
        end += count;
    }

    /** Makes the next {@link #read} return the current line again. */
    void unread() {
        unread = true;
    }

    /** Whether all octets that have arrived were read. */
    boolean isEmpty() {
        return next == end;
    }

    /** Whether {@link #read} can begin without waiting for the socket. */
    boolean isReadable() {
        return unread || skipping || hasLine();
    }

    /** Whether a complete unread line has arrived. */
    boolean hasLine() {
        for (int i = next; i < end; i++) {
            if (buffer[i] == '\n') {
                return true;
            }
        }
        return end - next > limit;
    }

    byte[] array() {
        return buffer;
    }

    /** The offset of the current line in {@link #array()}. */
    int start() {
        return start;
    }

    int length() {
        return length;
    }

    /** The current line from an offset on, as ISO 8859-1. */
    String text(int from) {
        return new String(buffer, start + from, length - from, StandardCharsets.ISO_8859_1);
    }

    /** Whether the current line is the final dot of an answer. */
    boolean isEndOfAnswer() {
        if (length == 0 || buffer[start] != '.') {
            return false;
        }
        for (int i = start + 1; i < start + length; i++) {
            if (buffer[i] != ' ' && buffer[i] != '\t') {
                return false;
            }
        }
        return true;
    }

    /** Removes the dot-stuffing of the current line. */
    void unstuff() {
        if (length > 0 && buffer[start] == '.') {
            start++;
            length--;
        }
    }

    /** The number of blanks and control characters at the beginning of the current line. */
    int indent() {
        int indent = 0;
        while (indent < length && buffer[start + indent] >= 0 && buffer[start + indent] <= ' ') {
            indent++;
        }
        return indent;
    }

    /** Whether the current line begins with a word, after blanks. */
    boolean startsWith(String word) {
        int at = start + indent();
        if (start + length - at < word.length() || buffer[at] != word.charAt(0)) {
            return false;
        }
        return new String(buffer, at, word.length(), StandardCharsets.ISO_8859_1)
                .equalsIgnoreCase(word);
    }
}
