package dev.mailbell.bench.sim;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One POP3 session, RFC 1939 and 2449; it sees the maildrop as it was at the login. */
final class Pop3Handler extends LineHandler {
    private static final Pattern USER = Pattern.compile("user(\\d{1,9})@.*");

    private final Pop3ServerSim server;
    private int user = -1;
    private int messages = -1;

    Pop3Handler(Pop3ServerSim server) {
        this.server = server;
    }

    @Override
    void greet() {
        server.connected();
        say("+OK bench\r\n");
    }

    @Override
    void line(String line) {
        String[] words = line.split(" ", 2);
        String argument = words.length > 1 ? words[1].strip() : "";
        switch (words[0].toUpperCase(Locale.ROOT)) {
            case "CAPA" -> say("+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\nRESP-CODES\r\n.\r\n");
            case "USER" -> user(argument);
            case "PASS" -> enter();
            case "NOOP" -> say("+OK\r\n");
            case "QUIT" -> {
                say("+OK\r\n");
                leave();
            }
            case "STAT", "UIDL", "LIST" -> {
                if (messages < 0) {
                    say("-ERR log in first\r\n");
                } else {
                    ask(words[0].toUpperCase(Locale.ROOT), argument);
                }
            }
            default -> say("-ERR not in this script\r\n");
        }
    }

    private void user(String name) {
        Matcher matcher = USER.matcher(name);
        user = matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
        say("+OK\r\n");
    }

    private void enter() {
        if (!server.has(user)) {
            say("-ERR [AUTH] no such user\r\n");
            return;
        }
        messages = server.messages(user);
        server.loggedIn();
        server.checked(user);
        say("+OK\r\n");
    }

    private void ask(String command, String argument) {
        if (command.equals("STAT")) {
            say("+OK " + messages + " " + (long) messages * Pop3ServerSim.OCTETS + "\r\n");
            return;
        }
        boolean uidl = command.equals("UIDL");
        if (argument.isEmpty()) {
            say("+OK\r\n");
            say(uidl ? server.uids() : server.sizes());
            for (int number = Pop3ServerSim.MESSAGES + 1; number <= messages; number++) {
                say(number + " " + value(uidl, number) + "\r\n");
            }
            say(".\r\n");
            return;
        }
        int number = argument.matches("\\d{1,9}") ? Integer.parseInt(argument) : 0;
        if (number < 1 || number > messages) {
            say("-ERR no such message\r\n");
        } else {
            say("+OK " + number + " " + value(uidl, number) + "\r\n");
        }
    }

    private static String value(boolean uidl, int number) {
        return uidl ? Pop3ServerSim.uid(number) : Integer.toString(Pop3ServerSim.OCTETS);
    }

    @Override
    void gone() {
        server.disconnected();
    }
}
