package dev.mailbell.simulation;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A POP3 server on loopback that shows one maildrop to whoever logs in, and counts the bytes of
 * both directions.
 */
final class SimulatedServer implements AutoCloseable {
    private static final int LONGEST_COMMAND = 512;

    private final Maildrop maildrop;
    private final ServerSocket listening;
    private final AtomicLong bytes = new AtomicLong();

    SimulatedServer(Maildrop maildrop) throws IOException {
        this.maildrop = maildrop;
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("simulated-server").start(this::accept);
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Bytes that went over the wire so far. */
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
            List<Maildrop.Message> snapshot = maildrop.messages();
            say(out, "+OK ready\r\n");
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
                String command = line.toString().strip().toUpperCase(Locale.ROOT);
                line.setLength(0);
                say(out, answer(command, snapshot));
                if (in.available() == 0 || command.equals("QUIT")) {
                    out.flush();
                }
                if (command.equals("QUIT")) {
                    return;
                }
            }
        } catch (IOException gone) {
            // The client hung up; there is nobody to tell.
            return;
        }
    }

    private void say(OutputStream out, String text) throws IOException {
        byte[] octets = text.getBytes(StandardCharsets.US_ASCII);
        bytes.addAndGet(octets.length);
        out.write(octets);
    }

    private static String answer(String command, List<Maildrop.Message> messages) {
        String[] words = command.split(" ", 2);
        return switch (words[0]) {
            case "CAPA" -> "+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n";
            case "STAT" ->
                    "+OK "
                            + messages.size()
                            + " "
                            + messages.stream().mapToLong(Maildrop.Message::size).sum()
                            + "\r\n";
            case "UIDL" -> listed(words, messages, true);
            case "LIST" -> listed(words, messages, false);
            case "USER", "PASS", "QUIT", "NOOP" -> "+OK\r\n";
            default -> "-ERR unknown command\r\n";
        };
    }

    private static String listed(String[] words, List<Maildrop.Message> messages, boolean uids) {
        if (words.length == 2) {
            int number = Integer.parseInt(words[1]);
            return number < 1 || number > messages.size()
                    ? "-ERR no such message\r\n"
                    : "+OK " + line(number, messages.get(number - 1), uids);
        }
        StringBuilder all = new StringBuilder("+OK\r\n");
        for (int i = 0; i < messages.size(); i++) {
            all.append(line(i + 1, messages.get(i), uids));
        }
        return all.append(".\r\n").toString();
    }

    private static String line(int number, Maildrop.Message message, boolean uids) {
        return number + " " + (uids ? message.uid() : message.size()) + "\r\n";
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
