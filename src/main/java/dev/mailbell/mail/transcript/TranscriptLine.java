package dev.mailbell.mail.transcript;

import java.util.Locale;

/**
 * One line of a transcript.
 *
 * @param offsetMillis the time since the transcript began
 * @param text without line end, at most {@value Transcript#LONGEST_LINE} characters and a note of
 *     what was cut
 */
public record TranscriptLine(long offsetMillis, Speaker speaker, String text) {
    /** Whose line it is. */
    public enum Speaker {
        /** Mailbell sent it to the mail server. */
        CLIENT,
        /** The mail server sent it. */
        SERVER,
        /** Mailbell notes it: a connection, a handshake, a failure. */
        NOTE;

        /** The name in the API. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
