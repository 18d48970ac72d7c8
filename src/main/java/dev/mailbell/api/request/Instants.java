package dev.mailbell.api.request;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** Instants in requests. */
final class Instants {
    static final String RULE =
            "must be an instant per RFC 3339, such as 2026-11-20T23:59:07Z (in a query, + is"
                    + " written %2B)";

    private static final int LAST_YEAR = 9999;

    private Instants() {}

    /** Empty when the text is no instant of the years 0 to 9999. */
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
}
