package dev.mailbell.mail.pop3;

import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A POP3 server that answers correctly or, on request, wrongly: it drops and repeats lines, numbers
 * them wrongly, shows another session's view or another user's maildrop, changes case and order,
 * and sends several lines or none where one is expected.
 */
final class LyingServer implements AutoCloseable {
    record Message(String uid, int size) {}

    /** Each shown UID and how often it was shown at most in one session. */
    final Map<String, Integer> shown = new HashMap<>();

    final List<Message> maildrop = new ArrayList<>();
    final AtomicInteger commands = new AtomicInteger();
    private final List<List<Message>> sessions = new ArrayList<>();
    private final Map<Integer, Message> singles = new HashMap<>();
    private final List<Message> otherMaildrop = new ArrayList<>();
    private final LoopbackServer server;
    private final Random random;
    private volatile boolean lying;

    LyingServer(Random random) {
        this.random = random;
        for (int i = 0; i < 5; i++) {
            otherMaildrop.add(new Message("other" + i, 100 + i));
        }
        server = new LoopbackServer("lying-server", this::serve);
    }

    int port() {
        return server.port();
    }

    void lie(boolean yes) {
        lying = yes;
    }

    private synchronized void serve(Socket socket) throws IOException {
        OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 65_536);
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(
                                socket.getInputStream(), StandardCharsets.ISO_8859_1));
        List<Message> view = view();
        singles.clear();
        say(out, "+OK\r\n");
        out.flush();
        boolean pipelining = random.nextBoolean();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            commands.incrementAndGet();
            String[] words = line.split(" ");
            switch (words[0]) {
                case "CAPA" ->
                        say(
                                out,
                                "+OK\r\nUIDL\r\nUSER\r\n"
                                        + (pipelining ? "PIPELINING\r\n" : "")
                                        + ".\r\n");
                case "STAT" -> say(out, stat(view));
                case "UIDL" ->
                        say(out, words.length > 1 ? one(view, words[1], true) : all(view, true));
                case "LIST" ->
                        say(out, words.length > 1 ? one(view, words[1], false) : all(view, false));
                case "TOP" -> say(out, "-ERR no such command\r\n");
                default -> say(out, "+OK\r\n");
            }
            if (!in.ready() || line.equals("QUIT")) {
                out.flush();
            }
            if (line.equals("QUIT")) {
                return;
            }
        }
    }

    private static void say(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private boolean lies(int oneIn) {
        return lying && random.nextInt(oneIn) == 0;
    }

    private List<Message> view() {
        List<Message> view = new ArrayList<>(maildrop);
        if (!lying) {
            return view;
        }
        sessions.add(List.copyOf(maildrop));
        if (sessions.size() > 20) {
            sessions.removeFirst();
        }
        if (lies(6)) {
            view = new ArrayList<>(sessions.get(random.nextInt(sessions.size())));
        } else if (lies(10)) {
            view = new ArrayList<>(otherMaildrop);
        }
        List<Message> another = sessions.get(random.nextInt(sessions.size()));
        for (int i = 0; i < view.size() && i < another.size(); i++) {
            if (lies(15)) {
                view.set(i, another.get(i));
            }
        }
        if (lies(5)) {
            Collections.shuffle(view, random);
        }
        for (int i = 0; i < view.size(); i++) {
            if (lies(25)) {
                Message message = view.get(i);
                view.set(i, new Message(message.uid().toUpperCase(Locale.ROOT), message.size()));
            }
        }
        if (!view.isEmpty() && lies(6)) {
            view.remove(random.nextInt(view.size()));
        }
        if (!view.isEmpty() && lies(6)) {
            view.add(random.nextInt(view.size()), view.get(random.nextInt(view.size())));
        }
        return view;
    }

    private String stat(List<Message> view) {
        if (lies(12)) {
            return "+OK\r\n";
        }
        long octets = view.stream().mapToLong(Message::size).sum();
        int total = view.size() + (lies(8) ? random.nextInt(3) - 1 : 0);
        return "+OK " + Math.max(0, total) + " " + (octets + (lies(8) ? 7 : 0)) + "\r\n";
    }

    private String one(List<Message> view, String word, boolean uids) {
        int number = Integer.parseInt(word);
        if (number < 1 || number > view.size() || lies(15)) {
            return "-ERR no such message\r\n";
        }
        int about = lies(15) ? 1 + random.nextInt(view.size()) : number;
        String line = line(about, view.get(about - 1), uids);
        if (uids) {
            singles.put(number, view.get(about - 1));
            show(singles.values());
        }
        if (lies(12)) {
            return "+OK\r\n" + line + ".\r\n";
        }
        return lies(12) ? "+OK\r\n" : "+OK " + line;
    }

    private String all(List<Message> view, boolean uids) {
        StringBuilder lines = new StringBuilder("+OK\r\n");
        List<Message> listed = new ArrayList<>();
        for (int i = 0; i < view.size(); i++) {
            if (lies(40)) {
                continue;
            }
            int number = lies(60) ? 1 + random.nextInt(view.size() + 2) : i + 1;
            for (int copies = lies(40) ? 2 : 1; copies > 0; copies--) {
                lines.append(line(number, view.get(i), uids));
                listed.add(view.get(i));
            }
            lines.append(lies(40) ? "\r\n" : "").append(lies(80) ? "junk\r\n" : "");
        }
        if (uids) {
            show(listed);
        }
        return lines.append(".\r\n").toString();
    }

    private void show(Collection<Message> answer) {
        Map<String, Integer> counts = new HashMap<>();
        answer.forEach(message -> counts.merge(message.uid(), 1, Integer::sum));
        counts.forEach((uid, count) -> shown.merge(uid, count, Math::max));
    }

    private String line(int number, Message message, boolean uids) {
        String spelled =
                lies(60) ? "00" + number : lies(200) ? number + "0000000000000" : "" + number;
        return spelled + " " + (uids ? message.uid() : message.size()) + "\r\n";
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
