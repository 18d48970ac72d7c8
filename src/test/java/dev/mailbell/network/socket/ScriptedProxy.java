package dev.mailbell.network.socket;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A proxy on loopback that plays a dialogue with each connection: what it reads is kept, what it
 * sends is given in advance.
 */
public final class ScriptedProxy implements AutoCloseable {
    /** What the clients sent, in hexadecimal for SOCKS, one entry for each step of reading. */
    public final Queue<String> heard = new ConcurrentLinkedQueue<>();

    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final ServerSocket listening;
    private final List<Step> steps;

    /** One step of the dialogue with a client. */
    @FunctionalInterface
    public interface Step {
        void play(ScriptedProxy proxy, Socket client) throws IOException;
    }

    public ScriptedProxy(Step... steps) {
        this.steps = List.of(steps);
        try {
            listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.startVirtualThread(this::accept);
    }

    public int port() {
        return listening.getLocalPort();
    }

    /** Reads so many octets. */
    public static Step hears(int octets) {
        return (proxy, client) -> {
            byte[] read = client.getInputStream().readNBytes(octets);
            proxy.heard.add(HexFormat.of().formatHex(read));
        };
    }

    /** Reads up to the empty line of a head of HTTP. */
    public static Step hearsHead() {
        return (proxy, client) -> {
            ByteArrayOutputStream head = new ByteArrayOutputStream();
            InputStream in = client.getInputStream();
            while (!head.toString(US_ASCII).endsWith("\r\n\r\n")) {
                int c = in.read();
                if (c < 0) {
                    throw new IOException("the client hung up");
                }
                head.write(c);
            }
            proxy.heard.add(head.toString(US_ASCII));
        };
    }

    /** Sends octets, given in hexadecimal. */
    public static Step sends(String hex) {
        return (proxy, client) ->
                client.getOutputStream().write(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    /** Sends text. */
    public static Step says(String text) {
        return (proxy, client) -> client.getOutputStream().write(text.getBytes(US_ASCII));
    }

    /** Sends octets for ever. */
    public static Step floods(byte octet) {
        return (proxy, client) -> {
            byte[] many = new byte[8192];
            Arrays.fill(many, octet);
            while (true) {
                client.getOutputStream().write(many);
            }
        };
    }

    /** Says nothing until the client hangs up. */
    public static Step isSilent() {
        return (proxy, client) -> client.getInputStream().readAllBytes();
    }

    /** Carries the octets of a server on loopback. */
    public static Step connectsTo(int port) {
        return (proxy, client) -> {
            try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
                proxy.open.add(server);
                Thread.startVirtualThread(() -> copy(server, client));
                copy(client, server);
            }
        };
    }

    private static void copy(Socket from, Socket to) {
        try {
            OutputStream out = to.getOutputStream();
            from.getInputStream().transferTo(out);
            to.shutdownOutput();
        } catch (IOException e) {
            // One side has closed its connection.
        }
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listening.accept();
                open.add(client);
                Thread.startVirtualThread(() -> serve(client));
            }
        } catch (IOException e) {
            // The test has ended and closed the proxy.
        }
    }

    private void serve(Socket accepted) {
        try (Socket client = accepted) {
            for (Step step : steps) {
                step.play(this, client);
            }
        } catch (IOException e) {
            // The client has hung up; the test asserts on what the client saw.
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
