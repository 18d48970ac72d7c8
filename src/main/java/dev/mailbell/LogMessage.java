package dev.mailbell;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/**
 * The message of a line of the log, for Logback's patterns. Its further lines are indented, and
 * other control characters are written as escapes: no text of a client, a mail server or a receiver
 * can look like a line of its own, or act on a terminal.
 */
public final class LogMessage extends MessageConverter {
    private static final String INDENTATION = "\n    ";

    @Override
    public String convert(ILoggingEvent event) {
        return escaped(String.valueOf(super.convert(event)));
    }

    static String escaped(String text) {
        if (text.chars().noneMatch(LogMessage::isControl)) {
            return text;
        }
        StringBuilder escaped = new StringBuilder();
        text.chars()
                .forEach(c -> {
                    if (c == '\n') {
                        escaped.append(INDENTATION);
                    } else if (isControl(c)) {
                        escaped.append("\\u%04x".formatted(c));
                    } else {
                        escaped.append((char) c);
                    }
                });
        return escaped.toString();
    }

    /** Also what reverses the direction of writing, and the line ends of some programs. */
    static boolean isControl(int c) {
        return (c != '\t' && Character.isISOControl(c))
                || (c >= 0x2028 && c <= 0x202e)
                || (c >= 0x2066 && c <= 0x2069);
    }
}
