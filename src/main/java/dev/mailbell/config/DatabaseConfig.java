package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;

/**
 * The PostgreSQL to use.
 *
 * @param url a JDBC URL; empty for the embedded server
 * @param pool the maximum number of connections, 2 to 200
 */
public record DatabaseConfig(String url, String username, String password, int pool) {
    static DatabaseConfig read(ConfigurationSection section) {
        DatabaseConfig config =
                new DatabaseConfig(
                        section.string("url", ""),
                        section.string("username", ""),
                        section.string("password", ""),
                        section.integer("pool", 10, 2, 200));
        if (!config.url.isEmpty() && !config.url.startsWith("jdbc:postgresql:")) {
            section.fault(
                    "url",
                    "must be like jdbc:postgresql://host:5432/mailbell, or empty for the embedded server");
        }
        if (config.url.matches(".*[?&](?i:password|sslpassword)=.*")) {
            section.fault(
                    "url",
                    "must not hold a password; give it as database.password or MAILBELL_DATABASE_PASSWORD");
        }
        if (config.url.isEmpty() && !(config.username.isEmpty() && config.password.isEmpty())) {
            section.fault(
                    "username",
                    "is given without database.url: the embedded server makes its own login");
        }
        section.rejectUnknown();
        return config;
    }

    /** Whether Mailbell runs its own server under {@code dataDir}. */
    public boolean embedded() {
        return url.isEmpty();
    }

    @Override
    public String toString() {
        return "DatabaseConfig[url=" + url + ", username=" + username + ", pool=" + pool + "]";
    }
}
