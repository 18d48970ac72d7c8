package dev.mailbell.mail.log;

import java.time.Duration;
import java.util.Locale;

/**
 * One line of a {@link ProtocolLog}.
 *
 * @param at since the beginning of the log
 * @param text printable, without secrets
 */
public record ProtocolLogLine(Duration at, Side side, String text) {
    /** Where a line comes from. */
    public enum Side {
        CLIENT("C:"),
        SERVER("S:"),
        /** A remark of Mailbell. */
        NOTE("--");

        private final String mark;

        Side(String mark) {
            this.mark = mark;
        }
    }

    /** For example {@code 0.125 S: +OK ready}. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.3f ", at.toNanos() / 1e9) + unstamped();
    }

    /** The same without the time. */
    public String unstamped() {
        return side.mark + " " + text;
    }
}
