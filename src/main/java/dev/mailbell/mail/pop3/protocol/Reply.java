package dev.mailbell.mail.pop3.protocol;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The status line of an answer. Only the indicator is significant: the text after {@code +OK}
 * differs from server to server.
 *
 * @param text the text after the indicator, as ISO 8859-1
 */
public record Reply(boolean ok, String text) {
    // RFC 2449, section 8: a response code is the first token after -ERR, and nowhere else.
    private static final Pattern CODE = Pattern.compile("\\[([A-Za-z0-9/._-]{1,64})]");

    /** The response code after {@code -ERR}, upper case; empty for none. */
    public String code() {
        Matcher matcher = CODE.matcher(text);
        return !ok && matcher.lookingAt() ? matcher.group(1).toUpperCase(Locale.ROOT) : "";
    }
}
