package dev.mailbell.bench.sim;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One IMAP session: what a daemon that only counts asks for, RFC 3501, 2177, 4731, 3691, 2971. */
final class ImapHandler extends LineHandler {
    private static final String CAPABILITIES =
            "CAPABILITY IMAP4rev1 ID IDLE ESEARCH UNSELECT LITERAL+";
    private static final Pattern USER = Pattern.compile("user(\\d{1,9})@");
    private static final Pattern RANGE = Pattern.compile("UID (\\d{1,10}):(\\d{1,10}|\\*)$");

    private final ImapServerSim server;
    private int user = -1;
    private @Nullable ImapMailbox mailbox;
    private @Nullable ImapMailbox selected;
    private int announced;
    private @Nullable String idle;
    private boolean stalled;

    ImapHandler(ImapServerSim server) {
        this.server = server;
    }

    @Override
    void greet() {
        server.connected();
        say("* OK [" + CAPABILITIES + "] bench\r\n");
    }

    /**
     * A message was added: announced at once to a session in IDLE, to others with their next
     * answer.
     */
    synchronized void push() {
        if (idle != null && !stalled) {
            news();
            flush();
        }
    }

    /** Sends nothing from now on. */
    synchronized void stall() {
        stalled = true;
    }

    private void news() {
        if (selected != null && selected.exists() != announced) {
            announced = selected.exists();
            say("* " + announced + " EXISTS\r\n");
        }
    }

    @Override
    void line(String line) {
        if (stalled) {
            return;
        }
        if (idle != null) {
            endIdle(line);
            return;
        }
        String[] words = line.split(" ", 3);
        if (words.length < 2) {
            say("* BAD no command\r\n");
            return;
        }
        String command = words[1].toUpperCase(Locale.ROOT);
        String arguments = words.length > 2 ? words[2] : "";
        // Announced after the continuation of IDLE, as real servers do: some clients ignore earlier
        // lines.
        if (!command.equals("FETCH") && !command.equals("IDLE")) {
            news();
        }
        answer(words[0], command, arguments);
    }

    private void answer(String tag, String command, String arguments) {
        switch (command) {
            case "CAPABILITY" -> {
                say("* " + CAPABILITIES + "\r\n");
                ok(tag);
            }
            case "ID" -> {
                say("* ID (\"name\" \"bench\")\r\n");
                ok(tag);
            }
            case "LOGIN" -> login(tag, arguments);
            case "NOOP" -> ok(tag);
            case "LIST", "LSUB" -> {
                say("* " + command + " () \"/\" INBOX\r\n");
                ok(tag);
            }
            case "LOGOUT" -> {
                say("* BYE\r\n");
                ok(tag);
                leave();
            }
            default -> {
                if (mailbox == null) {
                    say(tag + " BAD log in first\r\n");
                } else {
                    loggedIn(tag, command, arguments, mailbox);
                }
            }
        }
    }

    private void loggedIn(String tag, String command, String arguments, ImapMailbox box) {
        switch (command) {
            case "STATUS" -> {
                server.checked(user);
                int exists = box.exists();
                say(
                        "* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY %d)\r\n"
                                .formatted(
                                        exists,
                                        ImapMailbox.uid(exists) + 1,
                                        ImapMailbox.UID_VALIDITY));
                ok(tag);
            }
            case "EXAMINE", "SELECT" -> select(tag, command, box);
            case "UNSELECT", "CLOSE" -> {
                unselect();
                ok(tag);
            }
            case "IDLE" -> {
                idle = tag;
                server.idling(1);
                server.sessions().idles(user, System.nanoTime());
                say("+ idling\r\n");
                news();
            }
            case "FETCH" -> {
                say(new ImapMessages(box).fetch(arguments, announced));
                ok(tag);
            }
            case "STORE" -> {
                say(new ImapMessages(box).store(arguments, announced));
                ok(tag);
            }
            case "SEARCH" -> {
                say(new ImapMessages(box).unseen(announced));
                ok(tag);
            }
            case "UID" -> {
                if (arguments.startsWith("FETCH")) {
                    // This server has no dates.
                    ok(tag);
                } else {
                    search(tag, arguments);
                }
            }
            default -> say(tag + " BAD not in this script: " + command + "\r\n");
        }
    }

    private void login(String tag, String arguments) {
        Matcher matcher = USER.matcher(arguments);
        ImapMailbox box =
                matcher.find() ? server.mailbox(Integer.parseInt(matcher.group(1))) : null;
        if (box == null) {
            say(tag + " NO [AUTHENTICATIONFAILED] no such user\r\n");
            return;
        }
        user = Integer.parseInt(matcher.group(1));
        mailbox = box;
        box.loggedIn(this);
        server.loggedIn();
        server.sessions().loggedIn(user, client(), System.nanoTime());
        say(tag + " OK [" + CAPABILITIES + "] in\r\n");
    }

    private void select(String tag, String command, ImapMailbox box) {
        unselect();
        selected = box;
        box.open(this);
        announced = box.exists();
        say(
                ("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
                                + "* OK [PERMANENTFLAGS (\\Flagged \\Seen \\*)] ok\r\n"
                                + "* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] ok\r\n"
                                + "* OK [UIDNEXT %d] ok\r\n%s OK [%s] done\r\n")
                        .formatted(
                                announced,
                                ImapMailbox.UID_VALIDITY,
                                ImapMailbox.uid(announced) + 1,
                                tag,
                                command.equals("SELECT") ? "READ-WRITE" : "READ-ONLY"));
    }

    private void unselect() {
        if (selected != null) {
            selected.close(this);
            selected = null;
        }
    }

    private void search(String tag, String arguments) {
        Matcher range = RANGE.matcher(arguments);
        if (selected == null || !arguments.startsWith("SEARCH") || !range.find()) {
            say(tag + " BAD not in this script: UID " + arguments + "\r\n");
            return;
        }
        long first = Math.max(ImapMailbox.uid(1), Long.parseLong(range.group(1)));
        long last = ImapMailbox.uid(announced);
        if (!range.group(2).equals("*")) {
            last = Math.min(last, Long.parseLong(range.group(2)));
        }
        if (arguments.contains("RETURN")) {
            say("* ESEARCH (TAG \"" + tag + "\") UID COUNT " + Math.max(0, last - first + 1));
            say(last < first ? "" : " ALL " + (first == last ? first : first + ":" + last));
        } else {
            say("* SEARCH");
            for (long uid = first; uid <= last; uid++) {
                say(" " + uid);
            }
        }
        say("\r\n");
        ok(tag);
    }

    private void endIdle(String line) {
        String tag = idle;
        if (tag != null) {
            idle = null;
            server.idling(-1);
            say(tag + (line.equalsIgnoreCase("DONE") ? " OK done\r\n" : " BAD only DONE\r\n"));
        }
    }

    private void ok(String tag) {
        say(tag + " OK done\r\n");
    }

    @Override
    void gone() {
        unselect();
        if (mailbox != null) {
            mailbox.gone(this);
            server.sessions().ended(user, System.nanoTime());
        }
        if (idle != null) {
            idle = null;
            server.idling(-1);
        }
        server.disconnected();
    }
}
