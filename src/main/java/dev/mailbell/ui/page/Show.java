package dev.mailbell.ui.page;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers, times and durations as people read them; for templates. */
public final class Show {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private Show() {}

    /** With a comma between thousands. */
    public static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A number of things: {@code 1 account}, {@code 2 accounts}. */
    public static String count(long number, String one, String many) {
        return count(number) + " " + (number == 1 ? one : many);
    }

    /** A rate; small ones with places after the point. */
    public static String rate(double number) {
        if (Double.isNaN(number)) {
            return "–";
        }
        if (number <= 0) {
            return "0";
        }
        return number >= 10
                ? count(Math.round(number))
                : String.format(Locale.ROOT, number < 0.1 ? "%.2f" : "%.1f", number);
    }

    /**
     * The two units that say most: {@code 31 ms}, {@code 4.2 s}, {@code 3 min}, {@code 2 h 5 min}.
     */
    public static String duration(@Nullable Duration duration) {
        if (duration == null) {
            return "–";
        }
        long millis = Math.max(0, duration.toMillis());
        if (millis < 1_000) {
            return millis + " ms";
        }
        if (millis < 10_000) {
            return String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
        }
        long seconds = millis / 1_000;
        if (seconds < 120) {
            return seconds + " s";
        }
        long minutes = seconds / 60;
        if (minutes < 120) {
            return minutes + " min";
        }
        long hours = minutes / 60;
        if (hours < 48) {
            return hours + " h" + (minutes % 60 == 0 ? "" : " " + minutes % 60 + " min");
        }
        return hours / 24 + " days";
    }

    /** How long ago or how soon a moment is. */
    public static String relative(@Nullable Instant moment, Instant now) {
        if (moment == null) {
            return "never";
        }
        Duration ago = Duration.between(moment, now);
        if (ago.abs().toMillis() < 1_000) {
            return "now";
        }
        return ago.isNegative() ? "in " + duration(ago.negated()) : duration(ago) + " ago";
    }

    /** The moment itself, to the second. */
    public static String time(@Nullable Instant moment) {
        return moment == null ? "" : TIME.format(moment);
    }
}
