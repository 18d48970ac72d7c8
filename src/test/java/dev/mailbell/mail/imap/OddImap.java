package dev.mailbell.mail.imap;

import dev.mailbell.Circumstances;
import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An IMAP server with one mailbox whose answers are correct but unusual in form: every answer
 * passes through an {@link AnswerStyle}. Commands have one line; literals in commands are not
 * supported.
 */
final class OddImap implements AutoCloseable {
    /** Rewrites the answers of the server. */
    @FunctionalInterface
    interface AnswerStyle {
        /**
         * @param command the command without its tag; {@code GREETING} for the greeting
         * @param lines the usual answer, the tagged line last
         * @return the lines to send; one that ends in {@code \} is sent without line end
         */
        List<String> apply(String command, List<String> lines);
    }

    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private final LoopbackServer server;
    private final AnswerStyle style;
    private final String capabilities;
    private final List<Long> messages = new ArrayList<>();
    private long uidNext = 1;
    private int commands;
    private int logins;
    private final StringBuffer transcript = new StringBuffer();

    OddImap(String capabilities, AnswerStyle style) {
        this.capabilities = capabilities;
        this.style = style;
        server = new LoopbackServer("odd-imap", socket -> new Session(socket).run());
        Circumstances.note(this::transcript);
    }

    int port() {
        return server.port();
    }

    synchronized void arrive(int count) {
        for (int i = 0; i < count; i++) {
            messages.add(uidNext++);
        }
    }

    /** Removes the first message. */
    synchronized void removeFirst() {
        messages.removeFirst();
    }

    synchronized int commands() {
        return commands;
    }

    synchronized int logins() {
        return logins;
    }

    String transcript() {
        return transcript.toString();
    }

    private final class Session {
        private final Socket socket;
        private List<Long> shown = new ArrayList<>();
        private boolean selected;
        private String idle = "";

        Session(Socket socket) {
            this.socket = socket;
        }

        void run() throws IOException {
            BufferedReader in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.ISO_8859_1));
            say("GREETING", List.of("* OK [CAPABILITY " + capabilities + "] ready"));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                boolean done = !idle.isEmpty() && line.equalsIgnoreCase("DONE");
                String tag = done ? idle : line.split(" ", 2)[0];
                String command = done ? "DONE" : line.split(" ", 2)[1];
                synchronized (OddImap.this) {
                    commands++;
                    transcript.append("C: ").append(line).append('\n');
                    List<String> lines = usual(tag, command);
                    say(command, lines);
                }
                if (command.startsWith("LOGOUT")) {
                    return;
                }
            }
        }

        private void say(String command, List<String> lines) throws IOException {
            StringBuilder text = new StringBuilder();
            for (String line : style.apply(command, lines)) {
                transcript.append("S: ").append(line).append('\n');
                if (line.endsWith("\\")) {
                    text.append(line, 0, line.length() - 1);
                } else {
                    text.append(line).append("\r\n");
                }
            }
            socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
        }

        private List<String> usual(String tag, String command) {
            List<String> lines = new ArrayList<>();
            String verb = command.split(" ", 2)[0].toUpperCase(Locale.ROOT);
            String end = tag + " OK done";
            switch (verb) {
                case "CAPABILITY" -> lines.add("* CAPABILITY " + capabilities);
                case "LOGIN" -> {
                    logins++;
                    end = tag + " OK [CAPABILITY " + capabilities + "] in";
                }
                case "LIST" -> lines.add("* LIST () \"/\" INBOX");
                case "STATUS" ->
                        lines.add(
                                "* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7)"
                                        .formatted(messages.size(), uidNext));
                case "EXAMINE" -> {
                    selected = true;
                    shown = new ArrayList<>(messages);
                    lines.add("* FLAGS (\\Seen \\Deleted)");
                    lines.add("* " + messages.size() + " EXISTS");
                    lines.add("* 0 RECENT");
                    lines.add("* OK [UIDVALIDITY 7] ok");
                    lines.add("* OK [UIDNEXT " + uidNext + "] ok");
                    end = tag + " OK [READ-ONLY] done";
                }
                case "UNSELECT" -> selected = false;
                case "UID", "FETCH" -> found(tag, command, lines);
                case "IDLE" -> {
                    idle = tag;
                    lines.add("+ idling");
                    news(lines);
                    return lines;
                }
                case "DONE" -> idle = "";
                case "LOGOUT" -> lines.add("* BYE see you");
                case "NOOP", "ID", "ENABLE", "NOTIFY" -> {
                    // Nothing but OK.
                }
                default -> end = tag + " BAD unknown";
            }
            if (selected && !verb.equals("FETCH") && !verb.equals("EXAMINE")) {
                news(lines);
            }
            lines.add(end);
            return lines;
        }

        /** Reports added and removed messages, each once. */
        private void news(List<String> lines) {
            for (int i = shown.size(); i > 0; i--) {
                if (!messages.contains(shown.get(i - 1))) {
                    shown.remove(i - 1);
                    lines.add("* " + i + " EXPUNGE");
                }
            }
            if (shown.size() < messages.size()) {
                shown = new ArrayList<>(messages);
                lines.add("* " + shown.size() + " EXISTS");
            }
        }

        private void found(String tag, String command, List<String> lines) {
            if (command.startsWith("UID SEARCH")) {
                long from = number(command);
                List<String> hits =
                        shown.stream().filter(uid -> uid >= from).map(String::valueOf).toList();
                lines.add(
                        command.contains("RETURN")
                                ? "* ESEARCH (TAG \"%s\") UID COUNT %d%s"
                                        .formatted(
                                                tag,
                                                hits.size(),
                                                hits.isEmpty()
                                                        ? ""
                                                        : " ALL " + String.join(",", hits))
                                : "* SEARCH"
                                        + (hits.isEmpty() ? "" : " " + String.join(" ", hits)));
                return;
            }
            boolean byUid = command.startsWith("UID");
            long from = number(command);
            boolean open = command.contains("*");
            for (int i = 0; i < shown.size(); i++) {
                long uid = shown.get(i);
                long key = byUid ? uid : i + 1;
                if (key == from || open && (key > from || i == shown.size() - 1)) {
                    lines.add("* %d FETCH (UID %d%s)".formatted(i + 1, uid, headers(command, uid)));
                }
            }
        }

        private static String headers(String command, long uid) {
            return (command.contains("INTERNALDATE")
                            ? " INTERNALDATE \"20-Nov-2026 10:00:00 +0000\""
                            : "")
                    + (command.contains("HEADER.FIELDS")
                            ? " RFC822.SIZE 500 BODY[HEADER.FIELDS (MESSAGE-ID DATE)]"
                                    + " \"Message-ID: <%d@a.b>\"".formatted(uid)
                            : "");
        }

        private static long number(String text) {
            Matcher matcher = NUMBER.matcher(text);
            return matcher.find() ? Long.parseLong(matcher.group()) : 1;
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
