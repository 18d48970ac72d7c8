package dev.mailbell.delivery;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;

/** A receiver on loopback that answers with exactly the bytes that a test gives it. */
public final class RawReceiver implements AutoCloseable {
    /** Answers one request; an exception or a closed stream ends the connection. */
    public interface Answer {
        void to(Request request, OutputStream out) throws IOException;
    }

    public record Request(String line, Map<String, String> headers, String body) {}

    public final Queue<Request> requests = new ConcurrentLinkedQueue<>();
    public final AtomicInteger connections = new AtomicInteger();

    /** Connections that are open now. */
    public final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private final ServerSocket listening;
    private final Answer answer;

    public RawReceiver(Answer answer) {
        this(ServerSocketFactory.getDefault(), answer);
    }

    public RawReceiver(ServerSocketFactory sockets, Answer answer) {
        this(sockets, 0, answer);
    }

    /**
     * @param port the port to listen on; 0 for any free one
     */
    RawReceiver(ServerSocketFactory sockets, int port, Answer answer) {
        this.answer = answer;
        try {
            listening = sockets.createServerSocket(port, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.startVirtualThread(this::accept);
    }

    public static Answer saying(String text) {
        return (request, out) -> out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                connections.incrementAndGet();
                open.add(socket);
                Thread.startVirtualThread(() -> serve(socket));
            }
        } catch (IOException e) {
            // The test has ended and closed the receiver.
        }
    }

    private void serve(Socket socket) {
        try (socket;
                InputStream in = new BufferedInputStream(socket.getInputStream())) {
            String line = line(in);
            while (!line.isEmpty()) {
                Request request = request(line, in);
                requests.add(request);
                answer.to(request, socket.getOutputStream());
                line = line(in);
            }
        } catch (IOException e) {
            // The client closed the connection, which some tests want.
        } finally {
            open.remove(socket);
        }
    }

    private static Request request(String line, InputStream in) throws IOException {
        Map<String, String> headers = new TreeMap<>();
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.put(
                    header.substring(0, colon).toLowerCase(Locale.ROOT),
                    header.substring(colon + 1).strip());
        }
        int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
        return new Request(
                line, headers, new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    @Override
    public void close() {
        try {
            listening.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
