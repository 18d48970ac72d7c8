package dev.mailbell.config;

/**
 * What one client may use.
 *
 * @param accountsPerClient accounts registered at once
 * @param requestsPerSecond HTTP requests per key
 */
public record LimitsConfig(int accountsPerClient, int requestsPerSecond) {
    static LimitsConfig read(ConfigurationSection section) {
        LimitsConfig config =
                new LimitsConfig(
                        section.integer("accountsPerClient", 100_000, 1, 10_000_000),
                        section.integer("requestsPerSecond", 200, 1, 1_000_000));
        section.end();
        return config;
    }
}
