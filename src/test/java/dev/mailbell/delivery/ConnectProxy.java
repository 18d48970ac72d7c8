package dev.mailbell.delivery;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A proxy on loopback that connects every CONNECT to one port, or answers it with a test's bytes.
 */
final class ConnectProxy implements AutoCloseable {
    /** The heads of requests. */
    final Queue<String> asked = new ConcurrentLinkedQueue<>();

    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final ServerSocket listening;
    private final int target;
    private final RawReceiver.Answer answer;

    /**
     * @param target the port of every tunnel; 0 for no tunnels
     */
    ConnectProxy(int target, RawReceiver.Answer answer) {
        this.target = target;
        this.answer = answer;
        try {
            listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.startVirtualThread(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listening.accept();
                open.add(socket);
                Thread.startVirtualThread(() -> serve(socket));
            }
        } catch (IOException e) {
            // The test has ended and closed the proxy.
        }
    }

    private void serve(Socket client) {
        try (client) {
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int c = client.getInputStream().read();
                if (c < 0) {
                    return;
                }
                head.append((char) c);
            }
            asked.add(head.toString());
            answer.to(
                    new RawReceiver.Request(head.toString(), Map.of(), ""),
                    client.getOutputStream());
            if (target != 0) {
                try (Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
                    open.add(server);
                    Thread back = Thread.startVirtualThread(() -> copy(server, client));
                    copy(client, server);
                    back.join();
                }
            }
        } catch (IOException | InterruptedException e) {
            // One side closed its connection.
        }
    }

    private static void copy(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            in.transferTo(out);
            to.shutdownOutput();
        } catch (IOException e) {
            // One side closed its connection.
        }
    }

    static RawReceiver.Answer saying(String text) {
        return (head, out) -> out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
