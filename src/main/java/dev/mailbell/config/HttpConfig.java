package dev.mailbell.config;

/**
 * The address of the HTTP API.
 *
 * @param host a name or address of this machine
 * @param port 0 to 65,535; 0 for any free port
 */
public record HttpConfig(String host, int port) {
    static HttpConfig read(ConfigurationSection section) {
        HttpConfig config =
                new HttpConfig(
                        section.string("host", "127.0.0.1"),
                        section.integer("port", 2177, 0, 65_535));
        if (config.host.isBlank()) {
            section.fault("host", "must not be empty; 0.0.0.0 listens on all addresses");
        }
        section.rejectUnknown();
        return config;
    }
}
