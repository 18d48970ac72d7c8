package dev.mailbell.config;

import java.time.Duration;

/**
 * How often mailboxes are looked at.
 *
 * @param push IMAP: use IDLE where the server offers it
 * @param safetyInterval IMAP: the longest IDLE without a look
 * @param adaptive whether intervals follow how much mail comes
 * @param jitter by which share of itself an interval is made shorter or longer, 0 to 0.9
 * @param concurrency looks at once on this node, 1 to 10,000
 * @param timeout deadline of a whole look
 * @param loginsPerSecond at one mail host whose provider's profile says nothing else, 1 to 10,000
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
     * Of one protocol.
     *
     * @param interval between looks where the account names none
     * @param min an account's own interval is never shorter than this
     * @param max nor longer than this
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

        /** The interval, or the bound that it passes. */
        public Duration bounded(Duration wanted) {
            return wanted.compareTo(min) < 0 ? min : wanted.compareTo(max) > 0 ? max : wanted;
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
        imap.end();
        pop3.end();
        section.end();
        return config;
    }
}
