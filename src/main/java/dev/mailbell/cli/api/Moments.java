package dev.mailbell.cli.api;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import picocli.CommandLine.TypeConversionException;

/** Times as options give them: {@code 2026-11-20T23:59:07Z}, or a duration before now. */
public final class Moments {
    private Moments() {}

    public static Instant of(String text, InstantSource clock) {
        try {
            if (text.contains("T") && !text.startsWith("P")) {
                return OffsetDateTime.parse(text).toInstant();
            }
            return clock.instant()
                    .minus(new DurationText().convert(text))
                    .truncatedTo(ChronoUnit.MILLIS);
        } catch (TypeConversionException | DateTimeException | ArithmeticException e) {
            throw new ApiFailure(
                    ExitCodes.USAGE,
                    "\"%s\" is neither a time such as 2026-11-20T23:59:07Z nor a duration such as 2h"
                            .formatted(text),
                    e);
        }
    }
}
