package dev.mailbell.api.request;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How values look in answers. */
public final class ViewFormats {
    private ViewFormats() {}

    /** A duration in seconds, as clients give it: {@code PT60S}, not {@code PT1M}. */
    public static String seconds(Duration duration) {
        return "PT" + duration.toSeconds() + "S";
    }

    public static Instant later(Instant a, Instant b) {
        return a.isBefore(b) ? b : a;
    }

    public static @Nullable Instant latest(@Nullable Instant... instants) {
        return Stream.of(instants).filter(Objects::nonNull).max(Instant::compareTo).orElse(null);
    }
}
