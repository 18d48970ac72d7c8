package dev.mailbell.mail.imap.protocol;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.angus.mail.iap.ByteArray;
import org.eclipse.angus.mail.iap.ResponseInputStream;

/**
 * Reads responses within a limit. Angus's own reader allocates the announced size of a literal,
 * accepts endless lines, and blocks after a bare LF. Here memory grows with the octets received,
 * not with the size that a server announces.
 */
public final class BoundedResponses extends ResponseInputStream {
    /** The limit in octets of every response except search results and envelopes. */
    public static final int USUAL_LIMIT = 64 * 1024;

    /** The buffer of a session that waits for push; there may be tens of thousands. */
    private static final int CHUNK = 1024;

    /** The buffer while a long answer is read. */
    private static final int LARGE_CHUNK = 8 * 1024;

    /** After so many full reads in a row the answer counts as long. */
    private static final int LONG_AFTER = 32;

    private static final Pattern LITERAL = Pattern.compile("\\{(\\d{1,20})\\+?}$");

    /**
     * A status response, whose text may end in braces without announcing a literal (RFC 9051,
     * section 7.1).
     */
    private static final Pattern STATUS = Pattern.compile("(?i)\\S+ (OK|NO|BAD|BYE|PREAUTH)\\b.*");

    private final InputStream in;
    private byte[] chunk = new byte[CHUNK];

    /** How many reads in a row have filled the chunk. */
    private int fullReads;

    private int next;
    private int end;
    private int limit = USUAL_LIMIT;
    private byte[] response = new byte[0];
    private int length;

    BoundedResponses(InputStream in) {
        super(in);
        this.in = in;
    }

    /** Sets the maximum number of octets of the next responses. */
    void limit(int octets) {
        limit = octets;
    }

    /**
     * Reads one response with its literals, up to CRLF.
     *
     * @throws MailFailure protocol_error when it is longer than the limit
     */
    @Override
    public ByteArray readResponse(ByteArray unused) throws IOException {
        response = new byte[128];
        length = 0;
        while (true) {
            int start = length;
            readLine();
            int literal = literalAt(start);
            append((byte) '\r');
            append((byte) '\n');
            if (literal < 0) {
                ByteArray whole = new ByteArray(response, 0, length);
                response = new byte[0];
                return whole;
            }
            readLiteral(literal);
        }
    }

    @Override
    public int available() throws IOException {
        return end - next + in.available();
    }

    private void readLine() throws IOException {
        while (true) {
            if (next == end) {
                fill();
            }
            byte octet = chunk[next++];
            if (octet == '\n') {
                break;
            }
            append(octet);
        }
        if (length > 0 && response[length - 1] == '\r') {
            length--;
        }
    }

    /** The literal that the line announces; -1 for none. */
    private int literalAt(int start) {
        if (length == 0 || response[length - 1] != '}') {
            return -1;
        }
        int tail = Math.max(start, length - 24);
        Matcher matcher = LITERAL.matcher(text(tail, length));
        if (!matcher.find() || STATUS.matcher(text(0, Math.min(length, 40))).matches()) {
            return -1;
        }
        String digits = matcher.group(1);
        if (digits.length() > 9 || length + Long.parseLong(digits) > limit) {
            throw tooLong();
        }
        return Integer.parseInt(digits);
    }

    private void readLiteral(int octets) throws IOException {
        for (int left = octets; left > 0; ) {
            if (next == end) {
                fill();
            }
            int count = Math.min(left, end - next);
            require(count);
            System.arraycopy(chunk, next, response, length, count);
            next += count;
            length += count;
            left -= count;
        }
    }

    private void append(byte octet) {
        require(1);
        response[length++] = octet;
    }

    private void require(int more) {
        if (length + more > response.length) {
            if (length + more > limit + 2) {
                throw tooLong();
            }
            int size = Math.max(length + more, Math.min(2 * response.length, limit + 2));
            response = Arrays.copyOf(response, size);
        }
    }

    private MailFailure tooLong() {
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR,
                String.format(
                        Locale.ROOT,
                        "the server sent a response of more than %,d octets, so the rest was not"
                                + " read",
                        limit));
    }

    private void fill() throws IOException {
        int size = fullReads < LONG_AFTER ? CHUNK : LARGE_CHUNK;
        if (chunk.length != size) {
            chunk = new byte[size];
        }
        int count = in.read(chunk, 0, chunk.length);
        if (count < 0) {
            throw new EOFException();
        }
        fullReads = count == chunk.length ? fullReads + 1 : 0;
        next = 0;
        end = count;
    }

    private String text(int from, int to) {
        return new String(response, from, to - from, StandardCharsets.ISO_8859_1);
    }
}
