package dev.mailbell.ui.page;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Moments as fields of forms have them: a date and a time of UTC. */
public final class Times {
    private static final DateTimeFormatter FIELD =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private Times() {}

    /** The moment in a field; empty for a text that is none of the years 1970 to 9999. */
    public static Optional<Instant> parse(String text) {
        try {
            LocalDateTime time =
                    text.endsWith("Z")
                            ? LocalDateTime.ofInstant(Instant.parse(text), ZoneOffset.UTC)
                            : LocalDateTime.parse(text);
            return time.getYear() < 1970 || time.getYear() > 9999
                    ? Optional.empty()
                    : Optional.of(time.toInstant(ZoneOffset.UTC));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /** The value of a field for a moment; empty for none. */
    public static String field(@Nullable Instant moment) {
        return moment == null ? "" : FIELD.format(moment.truncatedTo(ChronoUnit.SECONDS));
    }
}
