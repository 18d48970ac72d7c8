package dev.mailbell.event;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/** Points in time as events and the API write them: RFC 3339 in UTC, always with milliseconds. */
public final class Timestamps {
    private static final DateTimeFormatter MILLIS =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

    private Timestamps() {}

    /** For example {@code 2026-11-20T23:59:07.000Z}. */
    public static String text(Instant instant) {
        return MILLIS.format(instant);
    }
}
