package dev.mailbell.mail.transcript;

import dev.mailbell.mail.transcript.LineCutter.Line;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;

/**
 * A dialogue in POP3. Of the client's lines those with known commands are shown, with their
 * arguments where these hold no secret; no exchange of a SASL mechanism, and no line of a message.
 */
final class Pop3Dialogue extends Dialogue {
    /** More commands without an answer are not followed: nothing is shown any more. */
    private static final int MOST_PENDING = 10_000;

    /** Commands whose arguments hold no secret. */
    private static final Set<String> SHOWN =
            Set.of(
                    "CAPA", "STLS", "USER", "STAT", "LIST", "UIDL", "TOP", "RETR", "NOOP", "QUIT",
                    "LAST", "UTF8", "LANG");

    private static final Set<String> WITH_LIST = Set.of("CAPA", "LIST", "UIDL");
    private static final Set<String> WITH_MESSAGE = Set.of("TOP", "RETR");

    /** A command without an answer yet. */
    private record Pending(String name, boolean hasArgument) {
        boolean listsMany() {
            return WITH_LIST.contains(name) && !hasArgument;
        }

        boolean brings() {
            return WITH_MESSAGE.contains(name);
        }
    }

    private enum Reading {
        STATUS,
        LIST,
        MESSAGE
    }

    private final Queue<Pending> pending = new ArrayDeque<>();
    private Reading reading = Reading.STATUS;
    private boolean overwhelmed;
    private long messageLines;
    private long messageOctets;

    Pop3Dialogue(Page page) {
        super(page);
    }

    @Override
    void restarted() {
        pending.clear();
        reading = Reading.STATUS;
    }

    private boolean isAuthenticating() {
        Pending first = pending.peek();
        return first != null && first.name().equals("AUTH");
    }

    @Override
    void clientLine(Line line) {
        if (overwhelmed || isAuthenticating()) {
            client(hidden(line.length()));
            return;
        }
        String[] words = line.text().split(" ", 3);
        String name = words[0].toUpperCase(Locale.ROOT);
        boolean known = true;
        if (SHOWN.contains(name)) {
            client(whole(line));
        } else if (name.equals("PASS")) {
            client("PASS [not shown]");
        } else if (name.equals("APOP")) {
            client("APOP [not shown]");
        } else if (name.equals("AUTH") && words.length > 1 && isMechanism(words[1])) {
            client("AUTH " + words[1] + (words.length > 2 ? " [response not shown]" : ""));
        } else {
            known = false;
            client(hidden(line.length()));
        }
        pending.add(new Pending(known ? name : "", words.length > 1));
        overwhelmed = pending.size() > MOST_PENDING;
    }

    private static boolean isMechanism(String word) {
        return word.length() <= 20 && word.chars().allMatch(Pop3Dialogue::isMechanismLetter);
    }

    private static boolean isMechanismLetter(int letter) {
        return letter >= 'A' && letter <= 'Z'
                || letter >= '0' && letter <= '9'
                || letter == '-'
                || letter == '_';
    }

    @Override
    void serverLine(Line line) {
        if (overwhelmed) {
            listed(hidden(line.length()));
            return;
        }
        switch (reading) {
            case STATUS -> status(line);
            case LIST -> {
                if (line.text().equals(".")) {
                    reading = Reading.STATUS;
                    server(".");
                } else {
                    listed(strange(line));
                }
            }
            case MESSAGE -> {
                if (line.text().equals(".")) {
                    endMessage();
                    server(".");
                } else {
                    messageLines++;
                    messageOctets += line.length();
                }
            }
        }
    }

    private void endMessage() {
        reading = Reading.STATUS;
        listed(
                "["
                        + messageLines
                        + " lines of a message, "
                        + messageOctets
                        + " octets, not shown]");
        messageLines = 0;
        messageOctets = 0;
    }

    private void status(Line line) {
        String text = line.text();
        boolean ok = text.regionMatches(true, 0, "+OK", 0, 3);
        boolean refused = text.regionMatches(true, 0, "-ERR", 0, 4);
        if (!ok && !refused) {
            server(
                    isAuthenticating() && text.startsWith("+")
                            ? "+ " + hidden(Math.max(0, line.length() - 2))
                            : strange(line));
            return;
        }
        Pending answered = pending.poll();
        if (ok && answered != null && answered.listsMany()) {
            reading = Reading.LIST;
        } else if (ok && answered != null && answered.brings()) {
            reading = Reading.MESSAGE;
        }
        server(whole(line));
    }

    @Override
    void clientLiteral(long octets) {
        throw new IllegalStateException("POP3 has no literals");
    }

    @Override
    void serverLiteral(long octets) {
        throw new IllegalStateException("POP3 has no literals");
    }
}
