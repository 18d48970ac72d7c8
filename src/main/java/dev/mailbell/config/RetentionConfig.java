package dev.mailbell.config;

import java.time.Duration;

/** How long events, and deliveries with their attempts, are kept. */
public record RetentionConfig(Duration events, Duration deliveries) {
    static RetentionConfig read(ConfigurationSection section) {
        Duration min = Duration.ofDays(1);
        Duration max = Duration.ofDays(365);
        RetentionConfig config =
                new RetentionConfig(
                        section.duration("events", Duration.ofDays(14), min, max),
                        section.duration("deliveries", Duration.ofDays(14), min, max));
        section.rejectUnknown();
        return config;
    }
}
