package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.config.parsing.Durations;
import java.time.Duration;

/**
 * How often mailboxes are checked.
 *
 * @param push IMAP: use IDLE where the server offers it
 * @param safetyInterval IMAP: the longest IDLE without a check
 * @param adaptive whether intervals follow the frequency of new mail
 * @param jitter the share by which an interval is made shorter or longer at random, 0 to 0.9
 * @param concurrency concurrent checks on this node, 1 to 10,000
 * @param timeout the deadline of a whole check
 * @param loginsPerSecond logins at one mail host without a value in its provider's profile, 1 to
 *     10,000
 */
public record PollingConfig(
        Intervals imap,
        Intervals pop3,
        boolean push,
        Duration safetyInterval,
        boolean adaptive,
        double jitter,
        int concurrency,
        Duration timeout,
        int loginsPerSecond) {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration DAY = Duration.ofDays(1);

    /**
     * The intervals of one protocol.
     *
     * @param interval between checks of an account that sets none
     * @param min the shortest interval that an account may set
     * @param max the longest interval that an account may set
     */
    public record Intervals(Duration interval, Duration min, Duration max) {

        static Intervals read(ConfigurationSection section, Duration interval, Duration min) {
            Intervals intervals =
                    new Intervals(
                            section.duration("interval", interval, SECOND, DAY),
                            section.duration("min", min, SECOND, DAY),
                            section.duration("max", DAY, SECOND, DAY));
            if (intervals.min.compareTo(intervals.max) > 0) {
                section.fault("min", "is longer than max (" + Durations.print(intervals.max) + ")");
            } else if (intervals.bounded(intervals.interval) != intervals.interval) {
                section.fault(
                        "interval",
                        "must lie between min ("
                                + Durations.print(intervals.min)
                                + ") and max ("
                                + Durations.print(intervals.max)
                                + ")");
            }
            return intervals;
        }

        /** The interval, moved into the range from {@code min} to {@code max}. */
        public Duration bounded(Duration value) {
            return value.compareTo(min) < 0 ? min : value.compareTo(max) > 0 ? max : value;
        }
    }

    static PollingConfig read(ConfigurationSection section) {
        ConfigurationSection imap = section.section("imap");
        ConfigurationSection pop3 = section.section("pop3");
        PollingConfig config =
                new PollingConfig(
                        Intervals.read(imap, Duration.ofMinutes(2), Duration.ofSeconds(30)),
                        Intervals.read(pop3, Duration.ofMinutes(5), Duration.ofSeconds(60)),
                        imap.bool("push", true),
                        imap.duration(
                                "safetyInterval",
                                Duration.ofMinutes(9),
                                Duration.ofSeconds(10),
                                Duration.ofMinutes(29)),
                        section.bool("adaptive", false),
                        section.decimal("jitter", 0.2, 0, 0.9),
                        section.integer("concurrency", 512, 1, 10_000),
                        section.duration(
                                "timeout", Duration.ofSeconds(30), SECOND, Duration.ofMinutes(10)),
                        section.integer("loginsPerSecond", 50, 1, 10_000));
        imap.rejectUnknown();
        pop3.rejectUnknown();
        section.rejectUnknown();
        return config;
    }
}
