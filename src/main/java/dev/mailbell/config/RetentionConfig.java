package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import java.time.Duration;

/** How long events, deliveries with their attempts, and the audit log are kept. */
public record RetentionConfig(Duration events, Duration deliveries, Duration audit) {
    private static final Duration MAX_AUDIT = Duration.ofDays(3_650);

    static RetentionConfig read(ConfigurationSection section) {
        Duration min = Duration.ofDays(1);
        Duration max = Duration.ofDays(365);
        RetentionConfig config =
                new RetentionConfig(
                        section.duration("events", Duration.ofDays(14), min, max),
                        section.duration("deliveries", Duration.ofDays(14), min, max),
                        section.duration("audit", Duration.ofDays(90), min, MAX_AUDIT));
        section.rejectUnknown();
        return config;
    }
}
