package dev.mailbell.simulation;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** A mail server on loopback that serves one maildrop and counts the bytes of both directions. */
final class SimulatedServer implements AutoCloseable {
    private static final int LONGEST_COMMAND = 512;

    /** The server's side of one connection. */
    interface Dialogue {
        /** The greeting, with its line end. */
        String greeting();

        /** The answer to a line, with its line end. */
        String answer(String line);

        /** Whether the line ends the connection. */
        boolean isLast(String line);
    }

    private final Supplier<Dialogue> dialogues;
    private final ServerSocket listening;
    private final AtomicLong bytes = new AtomicLong();

    /** A POP3 server. */
    SimulatedServer(Maildrop maildrop) throws IOException {
        this(() -> new Pop3Dialogue(maildrop.messages()));
    }

    /**
     * @param dialogues creates the dialogue of each connection
     */
    SimulatedServer(Supplier<Dialogue> dialogues) throws IOException {
        this.dialogues = dialogues;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("simulated-server").start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    /** The bytes sent and received so far. */
    long bytes() {
        return bytes.get();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
            InputStream in = socket.getInputStream();
            Dialogue dialogue = dialogues.get();
            say(out, dialogue.greeting());
            out.flush();
            StringBuilder line = new StringBuilder();
            for (int octet = in.read(); octet >= 0; octet = in.read()) {
                bytes.incrementAndGet();
                if (octet != '\n') {
                    line.append((char) octet);
                    if (line.length() > LONGEST_COMMAND) {
                        return;
                    }
                    continue;
                }
                String command = line.toString().strip();
                line.setLength(0);
                say(out, dialogue.answer(command));
                boolean last = dialogue.isLast(command);
                if (in.available() == 0 || last) {
                    out.flush();
                }
                if (last) {
                    return;
                }
            }
        } catch (IOException gone) {
            // The client closed the connection.
            return;
        }
    }

    private void say(OutputStream out, String text) throws IOException {
        byte[] octets = text.getBytes(StandardCharsets.US_ASCII);
        bytes.addAndGet(octets.length);
        out.write(octets);
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
