package dev.mailbell.config;

/**
 * The limits of one client.
 *
 * @param accountsPerClient registered accounts, 1 to 10,000,000
 * @param requestsPerSecond HTTP requests per second and key, 1 to 1,000,000
 */
public record LimitsConfig(int accountsPerClient, int requestsPerSecond) {
    static LimitsConfig read(ConfigurationSection section) {
        LimitsConfig config =
                new LimitsConfig(
                        section.integer("accountsPerClient", 100_000, 1, 10_000_000),
                        section.integer("requestsPerSecond", 200, 1, 1_000_000));
        section.rejectUnknown();
        return config;
    }
}
