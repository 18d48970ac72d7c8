package dev.mailbell.mail.transcript;

import dev.mailbell.mail.transcript.LineCutter.Line;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A dialogue in IMAP. Of the client's lines those with known commands are shown, with their
 * arguments where these hold no secret; no literal of either side, no exchange of a SASL mechanism,
 * and of FETCH responses neither strings nor what follows the first attribute of a message.
 */
final class ImapDialogue extends Dialogue {
    private static final Pattern COMMAND =
            Pattern.compile("([A-Za-z0-9.]{1,32}) ([A-Za-z]{1,16})(?: (.*))?", Pattern.DOTALL);
    private static final Pattern MECHANISM = Pattern.compile("([A-Za-z0-9_-]{1,20})( .*)?");
    private static final Pattern LITERAL = Pattern.compile("\\{([0-9]{1,18})\\+?}$");
    private static final Pattern STATUS =
            Pattern.compile(
                    "([A-Za-z0-9.]{1,32}) (OK|NO|BAD)( .*)?",
                    Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
    private static final Pattern FETCH =
            Pattern.compile(
                    "\\* [0-9]{1,10} FETCH\\b.*", Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
    private static final Pattern OF_MESSAGE =
            Pattern.compile(
                    "\\b(ENVELOPE|BODY|BODYSTRUCTURE|RFC822|BINARY|PREVIEW)\\b",
                    Pattern.CASE_INSENSITIVE);
    private static final Pattern SIZE = Pattern.compile("RFC822\\.SIZE", Pattern.CASE_INSENSITIVE);
    private static final Pattern STRING = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*(?:\"|$)");
    private static final Pattern DATE =
            Pattern.compile("\"[ 0-9]?[0-9]-[A-Za-z]{3}-[0-9]{4} [0-9:]{8} [+-][0-9]{4}\"");

    /** Commands whose arguments hold no secret. */
    private static final Set<String> SHOWN =
            Set.of(
                    "CAPABILITY",
                    "STARTTLS",
                    "ID",
                    "NAMESPACE",
                    "ENABLE",
                    "LIST",
                    "LSUB",
                    "STATUS",
                    "SELECT",
                    "EXAMINE",
                    "CLOSE",
                    "UNSELECT",
                    "NOOP",
                    "CHECK",
                    "IDLE",
                    "NOTIFY",
                    "SEARCH",
                    "FETCH",
                    "UID",
                    "LOGOUT");

    private boolean commandGoesOn;
    private boolean commandIsHidden;
    private String commandTag = "";

    /** Of AUTHENTICATE, until its result; null for none. */
    private @Nullable String authenticating;

    private boolean responseGoesOn;
    private boolean responseIsFetch;
    private boolean responseIsOfMessage;

    ImapDialogue(Page page) {
        super(page);
    }

    @Override
    void restarted() {
        commandGoesOn = false;
        commandIsHidden = false;
        commandTag = "";
        authenticating = null;
        responseGoesOn = false;
    }

    @Override
    void clientLine(Line line) {
        if (authenticating != null) {
            client(hidden(line.length()));
            return;
        }
        if (commandGoesOn) {
            if (!commandIsHidden) {
                client(whole(line));
            }
        } else if (line.text().equals("DONE")) {
            client("DONE");
        } else {
            command(line);
        }
        Matcher literal = LITERAL.matcher(line.end());
        commandGoesOn = literal.find();
        if (commandGoesOn) {
            sent().literalFollows(Long.parseLong(literal.group(1)));
        }
    }

    private void command(Line line) {
        Matcher command = COMMAND.matcher(line.text());
        commandIsHidden = true;
        if (!command.matches()) {
            client(hidden(line.length()));
            return;
        }
        commandTag = command.group(1);
        String name = command.group(2).toUpperCase(Locale.ROOT);
        String beginning = commandTag + " " + command.group(2) + " ";
        if (SHOWN.contains(name)) {
            commandIsHidden = false;
            client(whole(line));
        } else if (name.equals("AUTHENTICATE")) {
            authenticating = commandTag;
            Matcher mechanism = MECHANISM.matcher(command.group(3) == null ? "" : command.group(3));
            client(
                    !mechanism.matches()
                            ? beginning + hidden(line.length() - beginning.length())
                            : beginning
                                    + mechanism.group(1)
                                    + (mechanism.group(2) == null ? "" : " [response not shown]"));
        } else if (name.equals("LOGIN")) {
            client(beginning + "[user name and password not shown]");
        } else {
            client(hidden(line.length()));
        }
    }

    @Override
    void clientLiteral(long octets) {
        if (!commandIsHidden) {
            client(hidden(octets));
        }
    }

    @Override
    void serverLine(Line line) {
        if (!responseGoesOn) {
            responseIsFetch = FETCH.matcher(line.text()).matches();
            responseIsOfMessage = false;
        }
        boolean untagged = responseGoesOn || line.text().startsWith("* ");
        if (untagged) {
            show(line);
        } else if (line.text().startsWith("+")) {
            server(
                    authenticating != null && line.length() > 2
                            ? "+ " + hidden(line.length() - 2)
                            : whole(line));
        } else {
            status(line);
        }
        Matcher literal = LITERAL.matcher(line.end());
        responseGoesOn = untagged && literal.find();
        if (responseGoesOn) {
            received().literalFollows(Long.parseLong(literal.group(1)));
        }
    }

    private void status(Line line) {
        Matcher status = STATUS.matcher(line.text());
        if (!status.matches()) {
            server(strange(line));
            return;
        }
        String tag = status.group(1);
        if (tag.equalsIgnoreCase(authenticating)) {
            authenticating = null;
        }
        if (tag.equalsIgnoreCase(commandTag) && commandGoesOn) {
            // The literal was refused: the client does not send it.
            commandGoesOn = false;
            sent().noLiteral();
        }
        server(whole(line));
    }

    private void show(Line line) {
        if (!responseIsFetch) {
            server(whole(line));
            return;
        }
        if (responseIsOfMessage) {
            return;
        }
        String text = SIZE.matcher(line.text()).replaceAll("rfc-size");
        Matcher ofMessage = OF_MESSAGE.matcher(text);
        if (ofMessage.find()) {
            responseIsOfMessage = true;
            listed(
                    withoutStrings(text.substring(0, ofMessage.end()))
                                    .replace("rfc-size", "RFC822.SIZE")
                            + " [not shown]");
        } else {
            listed(withoutStrings(whole(line)));
        }
    }

    private static String withoutStrings(String text) {
        return STRING.matcher(text)
                .replaceAll(string ->
                        DATE.matcher(string.group()).matches()
                                ? Matcher.quoteReplacement(string.group())
                                : "\"…\"");
    }

    @Override
    void serverLiteral(long octets) {
        if (!responseIsOfMessage) {
            server(hidden(octets));
        }
    }
}
