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
 * Bounds how fast the log grows. What a library warns of may be in the hand of a stranger who
 * connects: one line a minute of each of its loggers. Of Mailbell's own lines, {@link #OWN} a
 * minute of each kind, which is its text without the values. Lines left out are counted in the next
 * one.
 */
final class LogLimit extends TurboFilter {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
    private static final int OWN = 100;
    private static final int MOST_KINDS = 1_000;
    private static final String OURS = "dev.mailbell.";

    private final LongSupplier nanoTime;
    private final Map<String, Window> windows = new HashMap<>();
    private final ThreadLocal<Boolean> counting = ThreadLocal.withInitial(() -> false);

    private static final class Window {
        private long begun;
        private long lines;
    }

    /** Puts one before the whole log, whatever file Logback was configured by; once. */
    static synchronized void install() {
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
        boolean ours = logger.getName().startsWith(OURS);
        boolean bounded =
                format != null
                        && level.isGreaterOrEqual(ours ? Level.INFO : Level.WARN)
                        && level.isGreaterOrEqual(logger.getEffectiveLevel());
        if (!bounded || counting.get()) {
            return FilterReply.NEUTRAL;
        }
        String kind =
                logger.getName()
                        + ' '
                        + level
                        + ' '
                        + (ours ? format : failure == null ? "" : failure.getClass().getName());
        long leftOut = admit(kind, ours ? OWN : 1);
        if (leftOut < 0) {
            return FilterReply.DENY;
        }
        if (leftOut > 0) {
            say(logger, leftOut);
        }
        return FilterReply.NEUTRAL;
    }

    /** How many lines were left out before this one; negative when this one is left out. */
    private synchronized long admit(String kind, int most) {
        long now = nanoTime.getAsLong();
        String counted = windows.size() < MOST_KINDS || windows.containsKey(kind) ? kind : "other";
        Window window = windows.computeIfAbsent(counted, key -> new Window());
        if (window.lines == 0 || now - window.begun >= MINUTE) {
            long leftOut = Math.max(0, window.lines - most);
            window.begun = now;
            window.lines = 1;
            return leftOut;
        }
        window.lines++;
        return window.lines > most ? -1 : 0;
    }

    private void say(Logger logger, long leftOut) {
        counting.set(true);
        try {
            logger.warn("{} more lines like the next one were left out", leftOut);
        } finally {
            counting.remove();
        }
    }
}
