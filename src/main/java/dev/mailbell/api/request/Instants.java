package dev.mailbell.api.request;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Points in time in requests and answers (RFC 3339). */
public final class Instants {
    static final String RULE =
            "must be an instant per RFC 3339, such as 2026-11-20T23:59:07Z (in a query, + is"
                    + " written %2B)";

    private static final int LAST_YEAR = 9999;

    private Instants() {}

    /** Empty when the text is not an instant of the years 0 to 9999. */
    static Optional<Instant> parse(String text) {
        try {
            OffsetDateTime time = OffsetDateTime.parse(text);
            return time.getYear() < 0 || time.getYear() > LAST_YEAR
                    ? Optional.empty()
                    : Optional.of(time.toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    public static Instant later(Instant a, Instant b) {
        return a.isBefore(b) ? b : a;
    }

    /** The latest of the instants that are not null; null when all are. */
    public static @Nullable Instant latest(@Nullable Instant... instants) {
        return Stream.of(instants).filter(Objects::nonNull).max(Instant::compareTo).orElse(null);
    }
}
