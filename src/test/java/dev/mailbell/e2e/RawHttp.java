package dev.mailbell.e2e;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 client that sends the bytes it is given, valid or not, and reads answers strictly. It
 * keeps its connection as long as the server does.
 */
final class RawHttp implements AutoCloseable {
    private static final int MAX_LINE = 64 * 1024;

    private final InetSocketAddress server;
    private final Duration patience;
    private @Nullable Socket socket;
    private @Nullable InputStream in;

    /**
     * @param headers the names in lower case
     * @param body as it was sent, without its chunks; for an endless answer what came first
     */
    record Answer(int status, Map<String, List<String>> headers, String body) {
        Optional<String> header(String name) {
            return Optional.ofNullable(headers.get(name)).map(List::getFirst);
        }
    }

    RawHttp(InetSocketAddress server, Duration patience) {
        this.server = server;
        this.patience = patience;
    }

    /**
     * Sends a request and reads its answer.
     *
     * @param method HEAD has an answer without a body
     * @param whole whether the bytes are one whole request; otherwise nothing more is sent after
     *     them, and the connection is not used again
     * @return empty when the server closed the connection without an answer
     */
    Optional<Answer> send(byte[] request, String method, boolean whole) throws IOException {
        boolean kept = socket != null;
        Socket connected = connected();
        try {
            connected.getOutputStream().write(request);
            if (!whole) {
                connected.shutdownOutput();
            }
        } catch (SocketException closedEarly) {
            // The server may answer before the request's end; what it said is read below.
            Thread.yield();
        }
        try {
            Optional<Answer> answer = read(method);
            if (answer.isEmpty() && kept && whole) {
                // The server closed a connection that was idle.
                close();
                return send(request, method, true);
            }
            if (!whole || answer.isEmpty() || isLast(answer.get())) {
                close();
            }
            return answer;
        } catch (SocketException reset) {
            close();
            return kept && whole ? send(request, method, true) : Optional.empty();
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private static boolean isLast(Answer answer) {
        return answer.header("connection").orElse("").equalsIgnoreCase("close")
                || answer.header("content-type").orElse("").equals("text/event-stream");
    }

    private Socket connected() throws IOException {
        if (socket == null) {
            Socket made = new Socket();
            made.connect(server, (int) patience.toMillis());
            made.setSoTimeout((int) patience.toMillis());
            made.setTcpNoDelay(true);
            socket = made;
            in = new BufferedInputStream(made.getInputStream());
        }
        return socket;
    }

    private Optional<Answer> read(String method) throws IOException {
        String status = line();
        if (status == null) {
            return Optional.empty();
        }
        if (!status.matches("HTTP/1\\.1 [1-5][0-9]{2}( .*)?")) {
            throw new IOException("not a status line: " + status);
        }
        int code = Integer.parseInt(status.substring(9, 12));
        Map<String, List<String>> headers = new TreeMap<>();
        for (String line = line(); line != null && !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw new IOException("not a header: " + line);
            }
            headers.computeIfAbsent(
                            line.substring(0, colon).toLowerCase(Locale.ROOT),
                            name -> new ArrayList<>())
                    .add(line.substring(colon + 1).strip());
        }
        if (code == 100) {
            return read(method);
        }
        Answer head = new Answer(code, headers, "");
        return Optional.of(new Answer(code, headers, body(head, method)));
    }

    private String body(Answer head, String method) throws IOException {
        if (method.equals("HEAD") || head.status() == 204 || head.status() == 304) {
            return "";
        }
        if (head.header("content-type").orElse("").equals("text/event-stream")) {
            return String.valueOf(line());
        }
        byte[] body;
        if (head.header("transfer-encoding").orElse("").equals("chunked")) {
            body = chunks();
        } else if (head.header("content-length").isPresent()) {
            body = exactly(Integer.parseInt(head.header("content-length").get()));
        } else {
            body = input().readAllBytes();
        }
        return new String(body, StandardCharsets.UTF_8);
    }

    private byte[] chunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(String.valueOf(line()), 16);
            body.write(exactly(size));
            line();
            if (size == 0) {
                return body.toByteArray();
            }
        }
    }

    private byte[] exactly(int size) throws IOException {
        byte[] bytes = input().readNBytes(size);
        if (bytes.length < size) {
            throw new EOFException("the answer ended after " + bytes.length + " of " + size);
        }
        return bytes;
    }

    /** The next line; null at the end of the stream. */
    private @Nullable String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int c = input().read(); c >= 0; c = input().read()) {
            if (c == '\n') {
                return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
            }
            line.write(c);
            if (line.size() > MAX_LINE) {
                throw new IOException("a line has no end");
            }
        }
        return line.size() == 0 ? null : line.toString(StandardCharsets.ISO_8859_1);
    }

    private InputStream input() {
        if (in == null) {
            throw new IllegalStateException("not connected");
        }
        return in;
    }

    @Override
    public void close() throws IOException {
        if (socket != null) {
            socket.close();
            socket = null;
            in = null;
        }
    }
}
