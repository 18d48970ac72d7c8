package dev.mailbell.mail.text;

import jakarta.mail.internet.MailDateFormat;
import jakarta.mail.internet.MimeUtility;
import java.text.ParseException;
import java.time.Instant;
import java.util.Optional;

/** Decodes header fields into text and instants; tolerates malformed ones. */
public final class HeaderText {
    /** The longest line that a message may have (RFC 5322, section 2.1.1). */
    private static final int LONGEST = 998;

    private static final Instant EARLIEST = Instant.EPOCH;
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    private HeaderText() {}

    /**
     * An unstructured header, decoded (RFC 2047) and without control characters.
     *
     * @param latin1 the octets, one character each
     */
    public static Optional<String> decoded(String latin1) {
        return shown(EncodedWords.decode(MimeUtility.unfold(latin1)));
    }

    /** The text as one line of at most 998 characters; empty if nothing is left. */
    public static Optional<String> shown(String text) {
        String line = ServerText.oneLine(text, LONGEST);
        return line.isEmpty() ? Optional.empty() : Optional.of(line);
    }

    /** A Date header (RFC 5322, section 3.3); empty if it is invalid, before 1970 or after 9999. */
    public static Optional<Instant> date(String value) {
        try {
            Instant date = new MailDateFormat().parse(value).toInstant();
            return date.isBefore(EARLIEST) || date.isAfter(LATEST)
                    ? Optional.empty()
                    : Optional.of(date);
        } catch (ParseException e) {
            return Optional.empty();
        }
    }
}
