package dev.mailbell.mail.smtp;

import dev.mailbell.mail.scripted.LoopbackServer;
import dev.mailbell.mail.scripted.TestTls;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.SSLSocket;

/** An SMTP server whose answers a test may replace. */
public final class FakeSmtp implements AutoCloseable {
    /** Stands for closing the connection instead of an answer. */
    public static final String HANG_UP = "hang up";

    /** No answer until the client is gone. */
    public static final String SILENCE = "silence";

    public final Queue<String> commands = new ConcurrentLinkedQueue<>();

    /** The messages, with the dots still stuffed. */
    public final Queue<String> messages = new ConcurrentLinkedQueue<>();

    /** By command, its first word, or {@code greeting} and {@code .}; without line end. */
    public final Map<String, String> answers = new ConcurrentHashMap<>();

    public volatile List<String> extensions = List.of("8BITMIME", "AUTH PLAIN LOGIN");

    /** How many octets of a message are read before the connection is closed. */
    public volatile long readOfMessage = Long.MAX_VALUE;

    /** The octets of the last message, of which only the first 64 KiB are kept. */
    public volatile long octets;

    private final boolean tls;
    private final LoopbackServer server;
    private final CountDownLatch closing = new CountDownLatch(1);

    public FakeSmtp() {
        this(false);
    }

    /**
     * @param tls whether TLS begins with the first octet
     */
    public FakeSmtp(boolean tls) {
        this.tls = tls;
        this.server = new LoopbackServer("fake-smtp", this::serve);
    }

    public int port() {
        return server.port();
    }

    private void serve(Socket accepted) throws IOException {
        Socket socket = tls ? shakeHands(accepted) : accepted;
        InputStream in = new BufferedInputStream(socket.getInputStream());
        OutputStream out = socket.getOutputStream();
        if (!say(out, answers.getOrDefault("greeting", "220 mail.example ESMTP"))) {
            return;
        }
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            commands.add(line);
            String word = line.split("[ :]")[0];
            String answer =
                    answers.getOrDefault(line, answers.getOrDefault(word, usual(word, extensions)));
            if (!say(out, answer) || word.equals("QUIT")) {
                return;
            }
            if (word.equals("STARTTLS") && answer.startsWith("220")) {
                socket = shakeHands(socket);
                in = new BufferedInputStream(socket.getInputStream());
                out = socket.getOutputStream();
            }
            if (word.equals("DATA") && answer.startsWith("354")) {
                if (!message(in) || !say(out, answers.getOrDefault(".", "250 2.0.0 queued"))) {
                    return;
                }
            }
        }
    }

    private static String usual(String word, List<String> extensions) {
        return switch (word) {
            case "EHLO" -> {
                StringBuilder lines = new StringBuilder();
                String before = "mail.example";
                for (String extension : extensions) {
                    lines.append("250-").append(before).append("\r\n");
                    before = extension;
                }
                yield lines + "250 " + before;
            }
            case "AUTH" -> "235 2.7.0 welcome";
            case "DATA" -> "354 go on";
            case "QUIT" -> "221 bye";
            case "STARTTLS" -> "220 go ahead";
            default -> "250 2.0.0 fine";
        };
    }

    private static Socket shakeHands(Socket socket) throws IOException {
        SSLSocket secure =
                (SSLSocket) TestTls.context().getSocketFactory().createSocket(socket, null, true);
        secure.setUseClientMode(false);
        secure.startHandshake();
        return secure;
    }

    private boolean say(OutputStream out, String answer) throws IOException {
        if (answer.equals(HANG_UP)) {
            return false;
        }
        if (answer.equals(SILENCE)) {
            try {
                closing.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return false;
        }
        out.write((answer + "\r\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
        return true;
    }

    /** Reads a message; false where it is not read to its end. */
    private boolean message(InputStream in) throws IOException {
        StringBuilder kept = new StringBuilder();
        byte[] last = new byte[5];
        octets = 0;
        while (true) {
            int octet = in.read();
            if (octet < 0 || octets >= readOfMessage) {
                return false;
            }
            octets++;
            System.arraycopy(last, 1, last, 0, 4);
            last[4] = (byte) octet;
            if (kept.length() < 64 * 1024) {
                kept.append((char) octet);
            }
            if (octet == '\n' && new String(last, StandardCharsets.US_ASCII).equals("\r\n.\r\n")) {
                messages.add(kept.toString());
                return true;
            }
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet = in.read(); octet >= 0 && octet != '\n'; octet = in.read()) {
            line.append((char) octet);
        }
        return line.toString().strip();
    }

    @Override
    public void close() throws IOException {
        closing.countDown();
        server.close();
    }
}
