package dev.mailbell.cli.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Server-Sent Events (HTML Living Standard, section 9.2) of a stream. */
final class EventLines {
    private static final int MAX_LINE = 1 << 20;

    private final InputStream in;
    private final Runnable heard;

    /**
     * @param heard runs for every line, also for comments
     */
    EventLines(InputStream in, Runnable heard) {
        this.in = in;
        this.heard = heard;
    }

    /**
     * @param data the JSON
     */
    record Sent(String id, String data) {}

    /** The next event; empty at the end of the stream, also in the middle of an event. */
    Optional<Sent> next() throws IOException {
        String id = "";
        StringBuilder data = new StringBuilder();
        for (String line = line(); line != null; line = line()) {
            heard.run();
            if (line.isEmpty()) {
                if (!data.isEmpty()) {
                    return Optional.of(new Sent(id, data.toString()));
                }
            } else if (line.startsWith("id:")) {
                id = value(line);
            } else if (line.startsWith("data:")) {
                if (data.length() + line.length() > MAX_LINE) {
                    throw new IOException("an event is longer than 1 MiB");
                }
                data.append(data.isEmpty() ? "" : "\n").append(value(line));
            }
        }
        return Optional.empty();
    }

    private static String value(String line) {
        String value = line.substring(line.indexOf(':') + 1);
        return value.startsWith(" ") ? value.substring(1) : value;
    }

    private @Nullable String line() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int next = in.read(); next >= 0; next = in.read()) {
            if (next == '\n') {
                String line = bytes.toString(StandardCharsets.UTF_8);
                return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
            }
            if (bytes.size() == MAX_LINE) {
                throw new IOException("a line of the stream is longer than 1 MiB");
            }
            bytes.write(next);
        }
        return null;
    }
}
