package dev.mailbell.event;

import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How the canary of the configuration is, whichever node runs it.
 *
 * @param late whether so many of its mails in a row are missed that it is announced
 * @param misses mails in a row that were not announced in time
 * @param reason why the latest mail is a miss, as in the event; null when it is none
 * @param message the reason for people; null when it is none
 * @param announcedAt when a mail was last announced; null when none was
 * @param took from the acceptance of that mail to its announcement
 */
public record CanaryStatus(
        UUID account,
        boolean late,
        int misses,
        @Nullable String reason,
        @Nullable String message,
        @Nullable Instant announcedAt,
        @Nullable Duration took) {}
