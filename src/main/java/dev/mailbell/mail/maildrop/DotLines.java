package dev.mailbell.mail.maildrop;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Reads lines, and answers that end with a line of one dot (RFC 1939, section 3). */
final class DotLines {
    private static final int LONGEST_LINE = 8_192;

    private final InputStream in;

    DotLines(InputStream in) {
        this.in = new BufferedInputStream(in, 16 * 1024);
    }

    /** The next line without its end, as ISO 8859-1. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int octet = in.read();
            if (octet < 0) {
                throw new EOFException();
            }
            if (octet == '\n') {
                String text = line.toString(StandardCharsets.ISO_8859_1);
                return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
            }
            if (line.size() == LONGEST_LINE) {
                throw new MailFailure(
                        FailureCode.PROTOCOL_ERROR,
                        "the server sent a line longer than " + LONGEST_LINE + " octets");
            }
            line.write(octet);
        }
    }

    /** The next line of an answer; null after the last one. */
    @Nullable String next() throws IOException {
        String line = line();
        if (line.equals(".")) {
            return null;
        }
        return line.startsWith(".") ? line.substring(1) : line;
    }

    /**
     * Copies an answer as it is, without the dots that were stuffed; lines may have any length.
     *
     * @return the number of octets copied
     * @throws MailFailure when it has more than {@code limit} octets
     * @throws UncheckedIOException when the sink fails
     */
    long copy(OutputStream sink, long limit) throws IOException {
        long copied = 0;
        boolean lineBegins = true;
        while (true) {
            int octet = read();
            if (lineBegins && octet == '.') {
                octet = read();
                if (octet == '\n') {
                    return copied;
                }
                if (octet == '\r') {
                    octet = read();
                    if (octet == '\n') {
                        return copied;
                    }
                    copied = write(sink, '\r', copied, limit);
                }
            }
            copied = write(sink, octet, copied, limit);
            lineBegins = octet == '\n';
        }
    }

    private int read() throws IOException {
        int octet = in.read();
        if (octet < 0) {
            throw new EOFException();
        }
        return octet;
    }

    private static long write(OutputStream sink, int octet, long copied, long limit) {
        if (copied == limit) {
            throw new MailFailure(
                    FailureCode.PROTOCOL_ERROR,
                    "the message has more than " + limit + " octets (--max-size)");
        }
        try {
            sink.write(octet);
        } catch (IOException e) {
            throw new UncheckedIOException("the message cannot be stored", e);
        }
        return copied + 1;
    }
}
