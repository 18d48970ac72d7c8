package dev.mailbell.mail.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A user's own mail program: speaks IMAP line by line. */
final class ImapClient implements AutoCloseable {
    private static final DateTimeFormatter INTERNAL_DATE =
            DateTimeFormatter.ofPattern("dd-MMM-yyyy HH:mm:ss Z", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final int PATIENCE_MILLIS = 180_000;

    private final Socket socket;
    private final BufferedReader in;
    private final OutputStream out;
    private int commands;

    ImapClient(RealMailServer server, int port, String user) {
        try {
            socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setSoTimeout(PATIENCE_MILLIS);
            socket.setTcpNoDelay(true);
            in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.ISO_8859_1));
            out = socket.getOutputStream();
            line();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        command("LOGIN " + user + " \"" + escaped(server.password()) + "\"");
    }

    private static String escaped(String text) {
        return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    /**
     * Sends a command.
     *
     * @return the untagged answers
     * @throws IllegalStateException when it is refused
     */
    List<String> command(String command) {
        String tag = "c" + ++commands;
        send(tag + " " + command + "\r\n");
        return answer(tag, command);
    }

    /** Opens a mailbox for writing; answers how many messages are called recent. */
    int recent(String mailbox) {
        String recent =
                command("SELECT \"" + mailbox + '"').stream()
                        .filter(line -> line.endsWith(" RECENT"))
                        .findFirst()
                        .orElseThrow();
        return Integer.parseInt(recent.split(" ", -1)[1]);
    }

    int unread(String mailbox) {
        String status = command("STATUS \"" + mailbox + "\" (UNSEEN)").getFirst();
        return Integer.parseInt(status.replaceAll("(?i).*UNSEEN (\\d+).*", "$1"));
    }

    void append(String mailbox, Instant received, String message) {
        String tag = "c" + ++commands;
        byte[] octets = message.getBytes(StandardCharsets.ISO_8859_1);
        String command = "APPEND \"" + mailbox + "\" \"" + INTERNAL_DATE.format(received) + "\" {";
        send(tag + " " + command + octets.length + "}\r\n");
        String ready = line();
        if (!ready.startsWith("+")) {
            throw new IllegalStateException(command + ": " + ready);
        }
        send(message + "\r\n");
        answer(tag, command);
    }

    private List<String> answer(String tag, String command) {
        List<String> untagged = new ArrayList<>();
        while (true) {
            String line = line();
            if (line.startsWith(tag + " ")) {
                if (!line.startsWith(tag + " OK")) {
                    throw new IllegalStateException(command + ": " + line);
                }
                return untagged;
            }
            untagged.add(line);
        }
    }

    private void send(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String line() {
        try {
            String line = in.readLine();
            if (line == null) {
                throw new IllegalStateException("the server has closed the connection");
            }
            return line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            command("LOGOUT");
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
