package dev.mailbell.api.request;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.network.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** Reads a body of JSON objects, one a line, within bounds. Empty lines are skipped. */
public final class JsonLines {
    private static final Logger LOG = LoggerFactory.getLogger(JsonLines.class);
    private static final int BUFFER = 64 * 1024;

    private final InputStream in;
    private final int maxLine;
    private final long maxBytes;
    private final Deadline deadline;
    private final byte[] buffer = new byte[BUFFER];
    private int from;
    private int to;
    private long bytes;
    private long number;

    /**
     * @param maxLine bytes of a line
     * @param maxBytes bytes of the body
     * @param deadline by which the body has to arrive
     */
    public JsonLines(InputStream in, int maxLine, long maxBytes, Deadline deadline) {
        this.in = in;
        this.maxLine = maxLine;
        this.maxBytes = maxBytes;
        this.deadline = deadline;
    }

    /**
     * The next object; null at the end of the body.
     *
     * @throws ProblemException 400, 408 or 413, which name the line
     */
    public @Nullable ObjectNode next() {
        byte[] line = line();
        while (line != null && isBlank(line)) {
            line = line();
        }
        if (line == null) {
            return null;
        }
        try {
            return Json.object(line);
        } catch (ProblemException e) {
            throw new ProblemException(e.problem().with("line", number));
        }
    }

    /**
     * Reads on without parsing, so that a client that is still sending can read the answer. Ends
     * with the body, after the most bytes, and with the first read that returns after this time;
     * the connection's idle time bounds each read.
     */
    public void skipRest(Duration time) {
        Deadline end = Deadline.after(time);
        try {
            int read = 0;
            while (read >= 0 && bytes <= maxBytes && !end.isPast() && !deadline.isPast()) {
                read = in.read(buffer);
                bytes += Math.max(0, read);
            }
        } catch (IOException e) {
            LOG.debug("the rest of a refused body did not arrive: {}", e.getMessage());
        }
    }

    /** The number of the line that was read last, from 1. */
    public long number() {
        return number;
    }

    /** How many bytes were read. */
    public long bytes() {
        return bytes;
    }

    private byte @Nullable [] line() {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        number++;
        while (true) {
            if (from == to && !fill()) {
                return line.size() == 0 ? null : line.toByteArray();
            }
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            if (line.size() + end - from > maxLine) {
                throw tooLarge("a line may have " + maxLine + " bytes");
            }
            line.write(buffer, from, end - from);
            from = end;
            if (end < to) {
                from++;
                return line.toByteArray();
            }
        }
    }

    private boolean fill() {
        if (deadline.isPast()) {
            throw new ProblemException(Problem.tooSlow());
        }
        try {
            int read = in.read(buffer);
            from = 0;
            to = Math.max(0, read);
            bytes += to;
            if (bytes > maxBytes) {
                throw tooLarge("the body may have " + maxBytes + " bytes");
            }
            return read > 0;
        } catch (IOException e) {
            throw new UncheckedIOException("the request's body did not arrive", e);
        }
    }

    private ProblemException tooLarge(String detail) {
        return new ProblemException(
                Problem.of(413, "too-large", "The body is too large", detail)
                        .with("line", number)
                        .withHeader("Connection", "close"));
    }

    private static boolean isBlank(byte[] line) {
        for (byte octet : line) {
            if (octet != ' ' && octet != '\t' && octet != '\r') {
                return false;
            }
        }
        return true;
    }
}
