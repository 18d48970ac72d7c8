package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.network.Host;
import dev.mailbell.network.HostGlob;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The particulars of one mail provider; null values leave the general setting in effect.
 *
 * @param match patterns of its mail hosts; the first profile that matches a host applies
 * @param connections concurrent connections, per node and host
 * @param keepConnections IMAP: whether a connection stays open between checks
 * @param loginsPerSecond per node and host
 * @param sendId whether to send ID before the login (RFC 2971)
 * @param egress the name of the way out of its accounts' connections
 * @param plainFallback whether a password may be sent in clear text after a better mechanism was
 *     refused
 * @param note the source of these facts
 */
public record ProviderProfile(
        List<String> match,
        @Nullable Duration imapInterval,
        @Nullable Duration pop3Interval,
        @Nullable Boolean idle,
        @Nullable Integer connections,
        @Nullable Boolean keepConnections,
        @Nullable Integer loginsPerSecond,
        @Nullable Boolean sendId,
        @Nullable Duration safetyInterval,
        @Nullable String egress,
        @Nullable Boolean plainFallback,
        String note) {

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration DAY = Duration.ofDays(1);

    public ProviderProfile {
        match = List.copyOf(match);
    }

    /**
     * @param ways the names that {@code egress} may have
     */
    static ProviderProfile read(ConfigurationSection section, Set<String> ways) {
        ConfigurationSection imap = section.section("imap");
        ConfigurationSection pop3 = section.section("pop3");
        ProviderProfile profile =
                new ProviderProfile(
                        section.list(
                                "match",
                                List.of(),
                                glob -> {
                                    HostGlob.of(glob);
                                    return glob;
                                }),
                        imap.optionalDuration("interval", SECOND, DAY),
                        pop3.optionalDuration("interval", SECOND, DAY),
                        section.optionalBool("idle"),
                        section.optionalInteger("connections", 1, 10_000),
                        section.optionalBool("keepConnections"),
                        section.optionalInteger("loginsPerSecond", 1, 10_000),
                        section.optionalBool("sendId"),
                        section.optionalDuration(
                                "safetyInterval", Duration.ofSeconds(10), Duration.ofMinutes(29)),
                        egress(section, ways),
                        section.optionalBool("plainFallback"),
                        section.string("note", ""));
        if (profile.match.isEmpty()) {
            section.fault("match", "must name at least one host pattern");
        }
        imap.rejectUnknown();
        pop3.rejectUnknown();
        section.rejectUnknown();
        return profile;
    }

    private static @Nullable String egress(ConfigurationSection section, Set<String> ways) {
        String name = section.string("egress", "");
        if (!name.isEmpty() && !ways.contains(name)) {
            section.fault("egress", "is not one of network.egress: " + name);
        }
        return name.isEmpty() ? null : name;
    }

    /** Whether this profile applies to a host. */
    public boolean matches(Host host) {
        return match.stream().anyMatch(glob -> HostGlob.of(glob).matches(host));
    }
}
