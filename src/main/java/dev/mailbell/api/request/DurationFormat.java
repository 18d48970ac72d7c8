package dev.mailbell.api.request;

import java.time.Duration;

/** Durations in answers (ISO 8601). */
public final class DurationFormat {
    private DurationFormat() {}

    /** In seconds, as clients write them: {@code PT60S}, not {@code PT1M}. */
    public static String seconds(Duration duration) {
        return "PT" + duration.toSeconds() + "S";
    }
}
