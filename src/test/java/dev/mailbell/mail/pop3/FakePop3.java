package dev.mailbell.mail.pop3;

import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A POP3 server with a maildrop, whose UIDs and answers a test may replace. */
final class FakePop3 implements AutoCloseable {
    /** Stands for closing the connection instead of an answer. */
    static final String HANG_UP = "hang up";

    /** No answer: the server waits for the next command. */
    static final String SILENCE = "";

    final List<Message> maildrop = new CopyOnWriteArrayList<>();

    /** Every command, without USER, PASS and QUIT. */
    final Queue<String> commands = new ConcurrentLinkedQueue<>();

    final AtomicInteger sessions = new AtomicInteger();
    volatile String greeting = "+OK ready\r\n";
    volatile boolean pipelining = true;
    volatile Uids uids = (session, number, message) -> message.name();

    /** By command or its first word: changes the correct answer. */
    final Map<String, UnaryOperator<String>> answers = new ConcurrentHashMap<>();

    private final LoopbackServer server;

    /**
     * A message.
     *
     * @param header without the blank line after it
     */
    record Message(String name, int size, String header) {
        static Message of(int number) {
            return new Message(
                    "uid-" + number,
                    1_000 + number * 7,
                    "Message-ID: <" + number + "@example.org>\r\nSubject: " + number + "\r\n");
        }

        Message received(String date) {
            String line = "Received: from a (b)\r\n\tby c with LMTP; " + date + "\r\n";
            return new Message(name, size, line + header);
        }
    }

    /** The UIDs that UIDL gives. */
    @FunctionalInterface
    interface Uids {
        String of(int session, int number, Message message);
    }

    FakePop3() {
        server = new LoopbackServer("fake-pop3", this::serve);
    }

    int port() {
        return server.port();
    }

    void deliver(int from, int count) {
        for (int number = from; number < from + count; number++) {
            maildrop.add(Message.of(number));
        }
    }

    private void serve(Socket socket) throws IOException {
        int session = sessions.incrementAndGet();
        OutputStream out = socket.getOutputStream();
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(
                                socket.getInputStream(), StandardCharsets.ISO_8859_1));
        List<Message> view = List.copyOf(maildrop);
        say(out, greeting);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            if (!List.of("USER", "PASS", "QUIT").contains(words[0])) {
                commands.add(line);
            }
            String answer = answer(view, session, words);
            for (String asked : List.of(words[0], line)) {
                if (answers.containsKey(asked)) {
                    answer = answers.get(asked).apply(answer);
                }
            }
            if (answer.equals(HANG_UP)) {
                return;
            }
            say(out, answer);
            if (words[0].equals("QUIT")) {
                return;
            }
        }
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private String answer(List<Message> view, int session, String[] words) {
        int number =
                words.length > 1 && words[1].matches("[0-9]+") ? Integer.parseInt(words[1]) : 0;
        boolean isThere = number >= 1 && number <= view.size();
        return switch (words[0]) {
            case "CAPA" ->
                    "+OK\r\nUSER\r\nUIDL\r\nTOP\r\n"
                            + (pipelining ? "PIPELINING\r\n" : "")
                            + ".\r\n";
            case "STAT" ->
                    "+OK %d %d\r\n"
                            .formatted(view.size(), view.stream().mapToLong(Message::size).sum());
            case "UIDL", "LIST" -> {
                if (words.length == 1) {
                    StringBuilder lines = new StringBuilder("+OK\r\n");
                    for (int i = 1; i <= view.size(); i++) {
                        lines.append(line(view, session, words[0], i));
                    }
                    yield lines.append(".\r\n").toString();
                }
                yield isThere
                        ? "+OK " + line(view, session, words[0], number)
                        : "-ERR no such message\r\n";
            }
            case "TOP" ->
                    isThere
                            ? "+OK\r\n" + view.get(number - 1).header() + "\r\n.\r\n"
                            : "-ERR no such message\r\n";
            default -> "+OK\r\n";
        };
    }

    private String line(List<Message> view, int session, String command, int number) {
        Message message = view.get(number - 1);
        return number
                + " "
                + (command.equals("UIDL")
                        ? uids.of(session, number, message)
                        : Integer.toString(message.size()))
                + "\r\n";
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
