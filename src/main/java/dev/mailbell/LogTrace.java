package dev.mailbell;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.IThrowableProxy;
import java.util.regex.Pattern;

/**
 * The stack trace of a line of the log, with the messages of its exceptions as {@link LogMessage}.
 */
public final class LogTrace extends ThrowableProxyConverter {
    /** What begins the lines of a trace; any other line is of a message. */
    private static final Pattern OF_MESSAGE =
            Pattern.compile("\n(?!\tat |\t*\\.\\.\\. |\t*Caused by: |\t*Suppressed: |\t+at |$)");

    @Override
    protected String throwableProxyToString(IThrowableProxy failure) {
        String trace = super.throwableProxyToString(failure);
        StringBuilder safe = new StringBuilder();
        for (String line : OF_MESSAGE.matcher(trace).replaceAll("\n    ").split("\n", -1)) {
            safe.append(safe.isEmpty() ? "" : "\n").append(LogMessage.escaped(line));
        }
        return safe.toString();
    }
}
