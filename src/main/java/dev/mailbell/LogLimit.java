package dev.mailbell;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Bounds the growth of the log. A remote peer may be able to trigger a library's warnings, so each
 * library logger may write one line per minute. Mailbell itself may write {@link #OWN_LINES} lines
 * per minute of each kind; a kind is a message pattern without its values. The next line that is
 * written reports the number of suppressed ones.
 */
final class LogLimit extends TurboFilter {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
    private static final int OWN_LINES = 100;
    private static final int LIBRARY_LINES = 1;
    private static final int MAX_KINDS = 1_000;
    private static final String OWN_PREFIX = "dev.mailbell.";

    private final LongSupplier nanoTime;
    private final Map<String, Window> windows = new HashMap<>();
    private final ThreadLocal<Boolean> loggingItself = ThreadLocal.withInitial(() -> false);

    private static final class Window {
        private long start;
        private long lines;
    }

    /**
     * Installs one filter for all loggers, unless there is one, whatever Logback's configuration,
     * and {@link LibraryDetail}.
     */
    static synchronized void install() {
        LibraryDetail.refuse();
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext log
                && log.getTurboFilterList().stream().noneMatch(LogLimit.class::isInstance)) {
            log.addTurboFilter(new LogLimit(System::nanoTime));
        }
    }

    LogLimit(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] values,
            @Nullable Throwable failure) {
        boolean own = logger.getName().startsWith(OWN_PREFIX);
        boolean bounded =
                format != null
                        && level.isGreaterOrEqual(own ? Level.INFO : Level.WARN)
                        && level.isGreaterOrEqual(logger.getEffectiveLevel());
        if (!bounded || loggingItself.get()) {
            return FilterReply.NEUTRAL;
        }
        String kind =
                logger.getName()
                        + ' '
                        + level
                        + ' '
                        + (own ? format : failure == null ? "" : failure.getClass().getName());
        long suppressed = admit(kind, own ? OWN_LINES : LIBRARY_LINES);
        if (suppressed < 0) {
            return FilterReply.DENY;
        }
        if (suppressed > 0) {
            logSuppressed(logger, suppressed);
        }
        return FilterReply.NEUTRAL;
    }

    /** The number of lines suppressed before this one; negative when this one is suppressed. */
    private synchronized long admit(String kind, int max) {
        long now = nanoTime.getAsLong();
        String bounded = windows.size() < MAX_KINDS || windows.containsKey(kind) ? kind : "other";
        Window window = windows.computeIfAbsent(bounded, key -> new Window());
        if (window.lines == 0 || now - window.start >= MINUTE) {
            long suppressed = Math.max(0, window.lines - max);
            window.start = now;
            window.lines = 1;
            return suppressed;
        }
        window.lines++;
        return window.lines > max ? -1 : 0;
    }

    private void logSuppressed(Logger logger, long suppressed) {
        loggingItself.set(true);
        try {
            logger.warn("{} more lines like the next one were left out", suppressed);
        } finally {
            loggingItself.remove();
        }
    }
}
