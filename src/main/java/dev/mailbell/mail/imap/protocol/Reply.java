package dev.mailbell.mail.imap.protocol;

import java.util.Locale;
import org.eclipse.angus.mail.iap.Response;

/**
 * A status response (RFC 9051, section 7.1).
 *
 * @param code the response code's name in upper case; empty for none
 * @param arguments the text after the code's name inside the brackets
 * @param text the text after the code, as ISO 8859-1
 */
public record Reply(Kind kind, String code, String arguments, String text) {

    /** The result of a command. */
    public enum Kind {
        OK,
        /** Refused. */
        NO,
        /** Not understood. */
        BAD
    }

    /** Parses a status response; a BYE counts as a NO. */
    public static Reply of(Response response) {
        Kind kind = response.isOK() ? Kind.OK : response.isBAD() ? Kind.BAD : Kind.NO;
        response.reset();
        String rest = response.getRest();
        // Brackets contain a code only at the beginning; a greeting may have brackets anywhere.
        int close = rest.startsWith("[") ? rest.indexOf(']') : -1;
        if (close < 0) {
            return new Reply(kind, "", "", rest.strip());
        }
        String[] words = rest.substring(1, close).strip().split(" +", 2);
        return new Reply(
                kind,
                words[0].toUpperCase(Locale.ROOT),
                words.length > 1 ? words[1] : "",
                rest.substring(close + 1).strip());
    }

    public boolean ok() {
        return kind == Kind.OK;
    }

    /** Code and text, for messages. */
    public String shown() {
        if (code.isEmpty() || code.equals("ALERT")) {
            return text;
        }
        return "[" + code + (arguments.isEmpty() ? "" : " " + arguments) + "] " + text;
    }
}
