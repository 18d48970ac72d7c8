package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;

/**
 * The limits of one client.
 *
 * @param accountsPerClient registered accounts, 1 to 10,000,000
 * @param webhooksPerClient 1 to 1,000,000
 * @param requestsPerSecond HTTP requests per second and key, 1 to 1,000,000
 * @param requestsPerSecondPerClient of all its keys, 1 to 1,000,000
 * @param verifiesPerMinute logins that are tried without registering them, 1 to 1,000,000
 * @param checksPerMinute checks on demand, 1 to 1,000,000
 * @param registrationsPerMinute registrations and changes of logins, 1 to 10,000,000
 */
public record LimitsConfig(
        int accountsPerClient,
        int webhooksPerClient,
        int requestsPerSecond,
        int requestsPerSecondPerClient,
        int verifiesPerMinute,
        int checksPerMinute,
        int registrationsPerMinute) {
    static LimitsConfig read(ConfigurationSection section) {
        LimitsConfig config =
                new LimitsConfig(
                        section.integer("accountsPerClient", 100_000, 1, 10_000_000),
                        section.integer("webhooksPerClient", 10_000, 1, 1_000_000),
                        section.integer("requestsPerSecond", 200, 1, 1_000_000),
                        section.integer("requestsPerSecondPerClient", 1_000, 1, 1_000_000),
                        section.integer("verifiesPerMinute", 60, 1, 1_000_000),
                        section.integer("checksPerMinute", 600, 1, 1_000_000),
                        section.integer("registrationsPerMinute", 100_000, 1, 10_000_000));
        section.rejectUnknown();
        return config;
    }
}
