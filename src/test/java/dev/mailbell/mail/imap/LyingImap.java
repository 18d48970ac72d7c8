package dev.mailbell.mail.imap;

import dev.mailbell.detection.ImapState;
import dev.mailbell.mail.scripted.LoopbackServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An IMAP server with one mailbox that gives wrong answers on request: lines are lost, repeated,
 * out of order, misnumbered, of another mailbox or in another case; commands are refused; an older
 * state of the mailbox is shown. It records the UIDs that it invents.
 */
final class LyingImap implements AutoCloseable {
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("dd-MMM-yyyy HH:mm:ss Z", Locale.ROOT);
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final long VALIDITY = 7;
    private static final String[] WRONG = {
        "0", "1", "2147483647", "4294967295", "4294967296", "1099511627776"
    };

    private final LoopbackServer server;
    private final Random random;

    /** When each message arrived, by UID. */
    private TreeMap<Long, Instant> messages = new TreeMap<>();

    private final Set<Long> real = new HashSet<>();
    private final Set<Long> phantoms = new HashSet<>();
    private TreeMap<Long, Instant> before = new TreeMap<>();
    private long nextBefore = 1;
    private long uidNext = 1;
    private boolean lying;
    private boolean stale;
    private boolean validityLied;
    private int staleViews;
    private int commands;
    private final StringBuilder transcript = new StringBuilder();

    LyingImap(Random random) {
        this.random = random;
        server = new LoopbackServer("lying-imap", this::serve);
    }

    int port() {
        return server.port();
    }

    synchronized void arrive(Instant at) {
        real.add(uidNext);
        messages.put(uidNext++, at);
    }

    /** Skips some UIDs, as after messages that arrived and were removed. */
    synchronized void skip(int uids) {
        uidNext += uids;
    }

    synchronized void remove() {
        if (!messages.isEmpty()) {
            List<Long> uids = new ArrayList<>(messages.keySet());
            messages.remove(uids.get(random.nextInt(uids.size())));
        }
    }

    synchronized Set<Long> uids() {
        return Set.copyOf(messages.keySet());
    }

    /** How many UIDs were shown that never existed. */
    synchronized int phantoms() {
        return phantoms.size();
    }

    /** Begins a check. */
    synchronized void begin(boolean lies) {
        lying = lies;
        commands = 0;
        validityLied = false;
        transcript.setLength(0);
        // An old view that is shown too often counts as a restored mailbox.
        stale = lies && staleViews < ImapState.OLDER_VIEWS - 1 && random.nextInt(6) == 0;
        staleViews += stale ? 1 : 0;
        if (!stale && random.nextInt(3) == 0) {
            staleViews = 0;
            before = new TreeMap<>(messages);
            nextBefore = uidNext;
        }
    }

    synchronized int commands() {
        return commands;
    }

    synchronized String transcript() {
        return transcript.toString();
    }

    private void serve(Socket socket) throws IOException {
        say(socket, List.of("* OK [CAPABILITY IMAP4rev1] ready"));
        BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            say(socket, answer(line));
        }
    }

    private static void say(Socket socket, List<String> lines) throws IOException {
        String text = String.join("\r\n", lines) + "\r\n";
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private synchronized List<String> answer(String line) {
        commands++;
        String[] words = line.split(" ", 2);
        String tag = words[0];
        String command = words[1];
        List<String> untagged = truth(tag, command);
        String end = tag + " OK done";
        if (command.startsWith("LOGIN")) {
            end = tag + " OK [CAPABILITY IMAP4rev1 ESEARCH UNSELECT] in";
        } else if (lying
                && !command.startsWith("LOGOUT")
                && !command.startsWith("LIST")
                && random.nextInt(3) == 0) {
            List<String> lies = lie(untagged);
            note(command, lies);
            untagged = lies;
            if (random.nextInt(12) == 0) {
                end = tag + (random.nextBoolean() ? " NO [SERVERBUG] oops" : " BAD oops");
            }
        }
        List<String> all = new ArrayList<>(untagged);
        all.add(end);
        transcript.append("C: ").append(line).append('\n');
        all.forEach(said -> transcript.append("S: ").append(said).append('\n'));
        return all;
    }

    private List<String> truth(String tag, String command) {
        TreeMap<Long, Instant> shown = stale ? before : messages;
        long next = stale ? nextBefore : uidNext;
        List<Long> uids = new ArrayList<>(shown.keySet());
        List<String> lines = new ArrayList<>();
        if (command.startsWith("STATUS")) {
            lines.add(
                    "* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY %d)"
                            .formatted(uids.size(), next, VALIDITY));
        } else if (command.startsWith("EXAMINE")) {
            lines.add("* " + uids.size() + " EXISTS");
            lines.add("* OK [UIDVALIDITY " + VALIDITY + "] ok");
            lines.add("* OK [UIDNEXT " + next + "] ok");
        } else if (command.startsWith("UID SEARCH")) {
            long from = command.contains(" UID ") ? number(command.substring(10)) : 1;
            List<Long> hits = uids.stream().filter(uid -> uid >= from).toList();
            if (command.contains("RETURN")) {
                String all = String.join(",", hits.stream().map(String::valueOf).toList());
                lines.add(
                        "* ESEARCH (TAG \"%s\") UID COUNT %d%s"
                                .formatted(tag, hits.size(), hits.isEmpty() ? "" : " ALL " + all));
            } else {
                StringBuilder search = new StringBuilder("* SEARCH");
                hits.forEach(uid -> search.append(' ').append(uid));
                lines.add(search.toString());
            }
        } else if (command.startsWith("UID FETCH") || command.startsWith("FETCH")) {
            boolean byUid = command.startsWith("UID");
            long from = number(command);
            boolean open = command.contains("*") || command.contains("INTERNALDATE");
            for (int i = 0; i < uids.size(); i++) {
                long uid = uids.get(i);
                long key = byUid ? uid : i + 1;
                if (key == from || open && (key > from || i == uids.size() - 1)) {
                    lines.add(fetched(i + 1, uid, shown, command));
                }
            }
        } else if (command.startsWith("LIST")) {
            lines.add("* LIST () \"/\" INBOX");
        } else if (command.startsWith("LOGOUT")) {
            lines.add("* BYE see you");
        }
        return lines;
    }

    private static String fetched(
            int number, long uid, TreeMap<Long, Instant> shown, String command) {
        String date = DATE.format(Objects.requireNonNull(shown.get(uid)).atOffset(ZoneOffset.UTC));
        return "* %d FETCH (UID %d%s)"
                .formatted(
                        number,
                        uid,
                        command.contains("INTERNALDATE") ? " INTERNALDATE \"" + date + "\"" : "");
    }

    private static long number(String text) {
        Matcher matcher = NUMBER.matcher(text);
        return matcher.find() ? Long.parseLong(matcher.group()) : 1;
    }

    private List<String> lie(List<String> truth) {
        List<String> lines = new ArrayList<>(truth);
        if (lines.isEmpty()) {
            return lines;
        }
        int at = random.nextInt(lines.size());
        String line = lines.get(at);
        switch (random.nextInt(7)) {
            case 0 -> lines.remove(at);
            case 1 -> lines.add(random.nextInt(lines.size() + 1), line);
            case 2 -> Collections.shuffle(lines, random);
            case 3 ->
                    lines.set(
                            at,
                            random.nextBoolean()
                                    ? line.toLowerCase(Locale.ROOT)
                                    : line.toUpperCase(Locale.ROOT));
            case 4 -> lines.set(at, ofAnotherMailbox(line));
            default -> lines.set(at, misnumbered(line));
        }
        return lines;
    }

    private String ofAnotherMailbox(String line) {
        if (line.contains("UIDVALIDITY")) {
            return validity(line, "9");
        }
        Matcher matcher = NUMBER.matcher(line);
        return matcher.replaceAll(found -> Long.toString(1 + random.nextInt(40)));
    }

    /** A wrong UIDVALIDITY once a check: two equal ones mean a recreated mailbox. */
    private String validity(String line, String wrong) {
        if (validityLied || line.contains("STATUS")) {
            return line;
        }
        validityLied = true;
        return line.replace("UIDVALIDITY " + VALIDITY, "UIDVALIDITY " + wrong);
    }

    private String misnumbered(String line) {
        if (line.contains("[UIDVALIDITY")) {
            return validity(line, WRONG[random.nextInt(WRONG.length)]);
        }
        List<int[]> places = new ArrayList<>();
        Matcher matcher = NUMBER.matcher(line);
        while (matcher.find()) {
            places.add(new int[] {matcher.start(), matcher.end()});
        }
        if (places.isEmpty()) {
            return line;
        }
        int[] place = places.get(random.nextInt(places.size()));
        String number = line.substring(place[0], place[1]);
        String wrong =
                switch (random.nextInt(4)) {
                    case 0 -> WRONG[random.nextInt(WRONG.length)];
                    case 1 -> "";
                    default ->
                            Long.toString(
                                    Math.max(0, Long.parseLong(number) + random.nextInt(7) - 3));
                };
        return line.substring(0, place[0]) + wrong + line.substring(place[1]);
    }

    private void note(String command, List<String> lines) {
        if (!command.startsWith("UID") && !command.startsWith("FETCH")) {
            return;
        }
        for (String line : lines) {
            Matcher matcher = NUMBER.matcher(line);
            while (matcher.find()) {
                long uid = matcher.group().length() > 18 ? 0 : Long.parseLong(matcher.group());
                if (!real.contains(uid)) {
                    phantoms.add(uid);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
