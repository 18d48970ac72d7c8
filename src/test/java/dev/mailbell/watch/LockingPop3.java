package dev.mailbell.watch;

import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A POP3 server with one maildrop, which it locks for a session (RFC 1939, section 8). */
final class LockingPop3 implements AutoCloseable {
    final AtomicInteger messages = new AtomicInteger();
    final AtomicInteger sessions = new AtomicInteger();

    /** How many sessions were refused because another one had the maildrop. */
    final AtomicInteger lockedOut = new AtomicInteger();

    private final AtomicBoolean locked = new AtomicBoolean();
    private final LoopbackServer server = new LoopbackServer("locking-pop3", this::serve);

    int port() {
        return server.port();
    }

    private void serve(Socket socket) throws IOException {
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(
                                socket.getInputStream(), StandardCharsets.ISO_8859_1));
        say(socket, "+OK ready\r\n");
        boolean entered = false;
        int total = 0;
        try {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                String[] words = line.split(" ");
                if (words[0].equals("PASS")) {
                    entered = locked.compareAndSet(false, true);
                    if (!entered) {
                        lockedOut.incrementAndGet();
                        say(socket, "-ERR [IN-USE] the maildrop is locked\r\n");
                        continue;
                    }
                    sessions.incrementAndGet();
                    total = messages.get();
                } else if (words[0].equals("QUIT")) {
                    // Before the client knows: its next session finds no lock.
                    release(entered);
                    entered = false;
                    say(socket, "+OK bye\r\n");
                    return;
                }
                say(socket, answer(words, total));
            }
        } finally {
            release(entered);
        }
    }

    private void release(boolean held) {
        if (held) {
            locked.set(false);
        }
    }

    private static String answer(String[] words, int total) {
        return switch (words[0]) {
            case "CAPA" -> "+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n";
            case "STAT" -> "+OK " + total + " " + total * 100 + "\r\n";
            case "UIDL", "LIST" -> {
                if (words.length > 1) {
                    int number = Integer.parseInt(words[1]);
                    yield number <= total
                            ? "+OK " + line(words[0], number)
                            : "-ERR no such message\r\n";
                }
                StringBuilder lines = new StringBuilder("+OK\r\n");
                for (int number = 1; number <= total; number++) {
                    lines.append(line(words[0], number));
                }
                yield lines.append(".\r\n").toString();
            }
            default -> "+OK\r\n";
        };
    }

    private static String line(String command, int number) {
        return number + (command.equals("UIDL") ? " uid-" + number : " 100") + "\r\n";
    }

    private static void say(Socket socket, String text) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
