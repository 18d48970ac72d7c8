package dev.mailbell.delivery;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ServerSocketFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * A receiver as the documentation describes it: it counts each {@code webhook-id} once. A test sets
 * the status that it answers.
 */
final class CountingReceiver implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();

    /** Ids whose bytes were not the same at every attempt. */
    final Queue<String> changed = new ConcurrentLinkedQueue<>();

    volatile int status = 200;

    private final Map<String, String> bodies = new ConcurrentHashMap<>();
    private final Map<String, String> taken = new ConcurrentHashMap<>();

    /** Keeps the port from other processes while nothing listens on it. */
    private final Socket port = bound();

    private RawReceiver receiver = listening();

    private static Socket bound() {
        Socket socket = new Socket();
        try {
            // So that a server socket may have the same port.
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return socket;
    }

    private RawReceiver listening() {
        return new RawReceiver(ServerSocketFactory.getDefault(), port.getLocalPort(), this::answer);
    }

    String url() {
        return "http://127.0.0.1:" + port.getLocalPort() + "/";
    }

    private void answer(RawReceiver.Request request, OutputStream out) throws IOException {
        receiver.requests.clear();
        String id = request.headers().get("webhook-id");
        String before = bodies.putIfAbsent(id, request.body());
        if (before != null && !before.equals(request.body())) {
            changed.add(id);
        }
        int now = status;
        if (now < 300) {
            taken.put(id, request.body());
        }
        out.write(
                ("HTTP/1.1 " + now + " X\r\nContent-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    /** Stops to listen: connections are refused. */
    void refuse() {
        receiver.close();
    }

    /** Listens on the same port again. */
    void listen() {
        receiver = listening();
    }

    /** How many deliveries it took. */
    int size() {
        return taken.size();
    }

    /** The sums of {@code newCount}, by mailbox. */
    Map<String, Integer> sums() {
        Map<String, Integer> sums = new ConcurrentHashMap<>();
        taken.values()
                .forEach(body -> {
                    var data = JSON.readTree(body).path("data");
                    sums.merge(
                            data.path("mailbox").asString(),
                            data.path("newCount").asInt(),
                            Integer::sum);
                });
        return sums;
    }

    @Override
    public void close() {
        receiver.close();
        try {
            port.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
