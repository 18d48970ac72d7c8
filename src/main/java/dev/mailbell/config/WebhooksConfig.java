package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.config.parsing.Durations;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * How events are delivered.
 *
 * @param timeout the deadline of a whole POST
 * @param retrySchedule the waits between the attempts of one delivery, at most 50
 * @param concurrency concurrent POSTs to one webhook, 1 to 100
 * @param pauseFloor the shortest pause of a webhook whose endpoint asks for one
 * @param breakerOpenFor how long the circuit breaker of a failing webhook stays open at first
 * @param disableAfter how long a webhook may fail before it is disabled
 * @param ports the ports that webhooks may use
 */
public record WebhooksConfig(
        Duration timeout,
        List<Duration> retrySchedule,
        int concurrency,
        Duration pauseFloor,
        Duration breakerOpenFor,
        Duration disableAfter,
        List<Integer> ports) {

    private static final List<Duration> DEFAULT_SCHEDULE =
            Stream.of("5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h")
                    .map(Durations::parse)
                    .toList();
    private static final Duration DAY = Duration.ofDays(1);

    public WebhooksConfig {
        retrySchedule = List.copyOf(retrySchedule);
        ports = List.copyOf(ports);
    }

    static WebhooksConfig read(ConfigurationSection section) {
        ConfigurationSection breaker = section.section("breaker");
        WebhooksConfig config =
                new WebhooksConfig(
                        section.duration(
                                "timeout",
                                Duration.ofSeconds(15),
                                Duration.ofSeconds(1),
                                Duration.ofMinutes(2)),
                        section.list("retrySchedule", DEFAULT_SCHEDULE, Durations::parse),
                        section.integer("concurrency", 10, 1, 100),
                        section.duration("pauseFloor", Duration.ofSeconds(60), Duration.ZERO, DAY),
                        breaker.duration(
                                "openFor",
                                Duration.ofSeconds(30),
                                Duration.ofSeconds(1),
                                Duration.ofHours(1)),
                        section.duration(
                                "disableAfter",
                                Duration.ofDays(5),
                                Duration.ofHours(1),
                                Duration.ofDays(365)),
                        section.list("ports", List.of(443, 8443, 80), WebhooksConfig::port));
        if (config.retrySchedule.size() > 50) {
            section.fault(
                    "retrySchedule",
                    "must have at most 50 waits, has " + config.retrySchedule.size());
        }
        if (config.retrySchedule.stream()
                .anyMatch(wait -> wait.isNegative() || wait.compareTo(DAY.multipliedBy(7)) > 0)) {
            section.fault("retrySchedule", "each wait must be 0s to 7d");
        }
        breaker.rejectUnknown();
        section.rejectUnknown();
        return config;
    }

    private static Integer port(String text) {
        if (!text.matches("\\d{1,5}")
                || Integer.parseInt(text) < 1
                || Integer.parseInt(text) > 65_535) {
            throw new IllegalArgumentException(
                    "must be ports from 1 to 65535, has \"" + text + "\"");
        }
        return Integer.valueOf(text);
    }
}
