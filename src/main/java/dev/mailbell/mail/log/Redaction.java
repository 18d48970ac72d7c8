package dev.mailbell.mail.log;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Follows the dialogue of IMAP, POP3 or SMTP far enough to hide what a login sends, and the body of
 * a message. It knows commands by their words alone, so that it hides too much rather than too
 * little.
 */
final class Redaction {
    private static final String REDACTED = "[redacted]";

    /** IMAP's with a tag, those of POP3 and SMTP without. */
    private static final Pattern LOGIN = pattern("(?i)(\\S+ LOGIN|PASS|APOP \\S+)( .*)?");

    private static final Pattern MECHANISM =
            pattern("(?i)((?:\\S+ AUTHENTICATE|AUTH) [A-Z0-9_-]+)( .*)?");

    private static final Pattern CONTINUATION = pattern("(\\+|334)( .*)?");

    /** The end of a login: a tagged answer of IMAP, a status of POP3, a reply of SMTP. */
    private static final Pattern ANSWER = pattern("(?!\\* |\\+ |\\+\\z|334).*");

    /** How many header lines of a message that is sent are shown. */
    private static final int HEADERS_SHOWN = 40;

    private enum State {
        OPEN,
        LOGIN,
        DATA_ASKED,
        DATA
    }

    private State state = State.OPEN;
    private int dataLines;
    private boolean inHeader;

    /** A password may hold characters that end a line for Java, such as CR and NEL. */
    private static Pattern pattern(String regex) {
        return Pattern.compile(regex, Pattern.DOTALL);
    }

    /** The client's line as it may be shown; empty for one that is not shown. */
    String client(String line) {
        switch (state) {
            case LOGIN -> {
                return REDACTED;
            }
            case DATA -> {
                return data(line);
            }
            case OPEN, DATA_ASKED -> {
                Matcher mechanism = MECHANISM.matcher(line);
                if (mechanism.matches()) {
                    state = State.LOGIN;
                    return mechanism.group(1) + (mechanism.group(2) == null ? "" : " " + REDACTED);
                }
                Matcher login = LOGIN.matcher(line);
                if (login.matches()) {
                    state = State.LOGIN;
                    return login.group(1) + " " + REDACTED;
                }
                if (line.equalsIgnoreCase("DATA")) {
                    state = State.DATA_ASKED;
                }
                return line;
            }
        }
        throw new IllegalStateException("no state " + state);
    }

    private String data(String line) {
        if (line.equals(".")) {
            state = State.OPEN;
            return dataLines == 0 ? line : line + " (after " + dataLines + " lines more)";
        }
        if (inHeader && !line.isEmpty() && dataLines < HEADERS_SHOWN) {
            return line;
        }
        inHeader = false;
        dataLines++;
        return "";
    }

    /** The server's line as it may be shown. */
    String server(String line) {
        if (state == State.LOGIN) {
            Matcher challenge = CONTINUATION.matcher(line);
            if (challenge.matches()) {
                return challenge.group(1) + (challenge.group(2) == null ? "" : " [challenge]");
            }
            if (ANSWER.matcher(line).matches()) {
                state = State.OPEN;
            }
        } else if (state == State.DATA_ASKED) {
            boolean goesOn = line.startsWith("354");
            state = goesOn ? State.DATA : State.OPEN;
            dataLines = 0;
            inHeader = goesOn;
        }
        return line;
    }
}
