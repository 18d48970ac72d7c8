package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.secret.Secret;
import java.time.Duration;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The mails that the daemon sends to itself, to measure how soon they are announced.
 *
 * @param account the account whose mailbox receives them; null for no canary
 * @param from the sender
 * @param interval between two mails
 * @param failsReadiness whether a late canary makes its node not ready
 */
public record CanaryConfig(
        @Nullable UUID account, String from, Duration interval, boolean failsReadiness, Smtp smtp) {

    /** How the connection to the mail server is protected. */
    public enum Security {
        TLS,
        STARTTLS,
        NONE
    }

    /**
     * The server that takes the mails.
     *
     * @param port 0 for the usual one
     * @param username empty for none
     */
    public record Smtp(String host, int port, Security security, String username, Secret password) {
        /** Without the password. */
        @Override
        public String toString() {
            return "Smtp[host=" + host + ", port=" + port + ", security=" + security + "]";
        }
    }

    static CanaryConfig read(ConfigurationSection section) {
        ConfigurationSection smtp = section.section("smtp");
        CanaryConfig config =
                new CanaryConfig(
                        account(section),
                        section.string("from", ""),
                        section.duration(
                                "interval",
                                Duration.ofMinutes(5),
                                Duration.ofSeconds(30),
                                Duration.ofDays(1)),
                        section.bool("failsReadiness", false),
                        new Smtp(
                                smtp.string("host", ""),
                                smtp.integer("port", 0, 0, 65_535),
                                security(smtp),
                                smtp.string("username", ""),
                                Secret.of(smtp.string("password", ""))));
        if (config.isOn()) {
            if (!config.from.matches("[^\\s@<>]+@[^\\s@<>]+")) {
                section.fault("from", "must be an address such as canary@example.org");
            }
            if (config.smtp.host.isEmpty()) {
                smtp.fault("host", "is needed with canary.account");
            }
            if (config.smtp.username.isEmpty() != config.smtp.password.reveal().isEmpty()) {
                smtp.fault("password", "and smtp.username are given together, or neither");
            }
        }
        smtp.rejectUnknown();
        section.rejectUnknown();
        return config;
    }

    private static @Nullable UUID account(ConfigurationSection section) {
        String id = section.string("account", "");
        try {
            return id.isEmpty() ? null : UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            section.fault("account", "must be the id of an account, a UUID");
            return null;
        }
    }

    private static Security security(ConfigurationSection smtp) {
        String name = smtp.string("security", "tls");
        for (Security security : Security.values()) {
            if (security.name().toLowerCase(Locale.ROOT).equals(name)) {
                return security;
            }
        }
        smtp.fault("security", "must be tls, starttls or none");
        return Security.TLS;
    }

    public boolean isOn() {
        return account != null;
    }
}
