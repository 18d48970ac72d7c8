package dev.mailbell.e2e.cluster;

import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A POP3 server with a maildrop for every user, which has no second session while one is open: RFC
 * 1939, "exclusive-access lock". Messages are never removed.
 */
final class Maildrops implements AutoCloseable {
    private static final int SIZE = 1_000;

    private final Map<String, AtomicInteger> messages = new ConcurrentHashMap<>();
    private final Set<String> locked = ConcurrentHashMap.newKeySet();
    private final Map<String, AtomicInteger> lockedOut = new ConcurrentHashMap<>();
    private final Listener listener;
    private final LoopbackServer server;

    /** Called at the begin and the end of a session that has the maildrop. */
    interface Listener {
        Runnable began(String user, Socket connection);
    }

    Maildrops(Listener listener) {
        this.listener = listener;
        server = new LoopbackServer("maildrops", this::serve);
    }

    int port() {
        return server.port();
    }

    void deliver(String user) {
        drop(user).incrementAndGet();
    }

    /** How many logins of a user found the maildrop locked. */
    int lockedOut(String user) {
        AtomicInteger count = lockedOut.get(user);
        return count == null ? 0 : count.get();
    }

    private AtomicInteger drop(String user) {
        return messages.computeIfAbsent(user, name -> new AtomicInteger());
    }

    private void serve(Socket socket) throws IOException {
        new Session(socket).run();
    }

    private final class Session {
        private final Socket socket;
        private final OutputStream out;
        private String user = "";
        private int count;
        private boolean loggedIn;
        private Runnable end = () -> {};

        Session(Socket socket) throws IOException {
            this.socket = socket;
            out = socket.getOutputStream();
        }

        void run() throws IOException {
            say("+OK ready");
            BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.US_ASCII),
                            512);
            try {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    String[] words = line.split(" ");
                    String command = words[0].toUpperCase(Locale.ROOT);
                    if (command.equals("QUIT")) {
                        // Before the answer, after which the next session may come.
                        release();
                        say("+OK");
                        return;
                    }
                    answer(command, words);
                }
            } finally {
                release();
            }
        }

        private void release() {
            if (loggedIn) {
                loggedIn = false;
                end.run();
                locked.remove(user);
            }
        }

        private void answer(String command, String[] words) throws IOException {
            switch (command) {
                case "CAPA" -> say("+OK", "USER", "UIDL", "TOP", "RESP-CODES", "PIPELINING", ".");
                case "USER" -> {
                    user = words[1];
                    say("+OK");
                }
                case "PASS" -> logIn();
                case "STAT" -> say("+OK " + count + " " + count * SIZE);
                case "UIDL", "LIST" -> list(command, words);
                case "TOP" -> say("+OK", "Subject: hello", "", ".");
                default -> say("+OK");
            }
        }

        private void logIn() throws IOException {
            if (!locked.add(user)) {
                lockedOut.computeIfAbsent(user, name -> new AtomicInteger()).incrementAndGet();
                say("-ERR [IN-USE] another session has the maildrop");
                return;
            }
            loggedIn = true;
            end = listener.began(user, socket);
            count = drop(user).get();
            say("+OK");
        }

        private void list(String command, String[] words) throws IOException {
            if (words.length > 1) {
                int number = Integer.parseInt(words[1]);
                say(
                        number >= 1 && number <= count
                                ? "+OK " + line(command, number)
                                : "-ERR no such message");
                return;
            }
            String[] lines = new String[count + 2];
            lines[0] = "+OK";
            for (int number = 1; number <= count; number++) {
                lines[number] = line(command, number);
            }
            lines[count + 1] = ".";
            say(lines);
        }

        private static String line(String command, int number) {
            return number + " " + (command.equals("UIDL") ? "uid-" + number : SIZE);
        }

        private void say(String... lines) throws IOException {
            String text = String.join("\r\n", lines) + "\r\n";
            out.write(text.getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
