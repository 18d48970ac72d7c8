package dev.mailbell;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Refuses what libraries log below INFO, whatever level is configured: the HTTP server, for one,
 * logs each request with its API key. Mailbell's own lines below INFO hold no secrets.
 */
final class LibraryDetail extends TurboFilter {
    private static final String OWN_PREFIX = "dev.mailbell.";

    /** Installs one filter for all loggers, unless there is one. */
    static synchronized void refuse() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext log
                && log.getTurboFilterList().stream().noneMatch(LibraryDetail.class::isInstance)) {
            log.addTurboFilter(new LibraryDetail());
        }
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] values,
            @Nullable Throwable failure) {
        return level.isGreaterOrEqual(Level.INFO) || logger.getName().startsWith(OWN_PREFIX)
                ? FilterReply.NEUTRAL
                : FilterReply.DENY;
    }
}
