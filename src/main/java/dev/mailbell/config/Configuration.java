package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.network.Host;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The operator's settings; immutable.
 *
 * @param dataDir the directory of the embedded PostgreSQL and of generated keys, absolute
 * @param keyset the file of the keys that encrypt secrets, absolute
 * @param metricsPort the port of the metrics, 0 to 65,535; 0 for the API's own port
 * @param providers the operator's profiles first, then those shipped with Mailbell
 */
public record Configuration(
        Path dataDir,
        Path keyset,
        HttpConfig http,
        DatabaseConfig database,
        NetworkConfig network,
        PollingConfig polling,
        List<ProviderProfile> providers,
        WebhooksConfig webhooks,
        RetentionConfig retention,
        LimitsConfig limits,
        ClusterConfig cluster,
        OperatorConfig operator,
        CanaryConfig canary,
        LoggingConfig logging,
        int metricsPort) {

    /** The sections that can change while the daemon runs. */
    private static final Set<String> RELOADED =
            Set.of("polling", "providers", "webhooks", "limits", "operator", "canary");

    private static final String EGRESS = "network.egress.";

    public Configuration {
        providers = List.copyOf(providers);
    }

    /** The profile of the provider that runs this mail host. */
    public Optional<ProviderProfile> provider(Host host) {
        return providers.stream().filter(profile -> profile.matches(host)).findFirst();
    }

    static Configuration read(ConfigurationSection root, Path home, List<ProviderProfile> shipped) {
        Path dataDir = path(root, "dataDir", "var", home);
        ConfigurationSection security = root.section("security");
        Path keyset = path(security, "keyset", dataDir.resolve("keyset.json").toString(), home);
        ConfigurationSection metrics = root.section("metrics");
        int metricsPort = metrics.integer("port", 0, 0, 65_535);
        HttpConfig http = HttpConfig.read(root.section("http"), home);
        NetworkConfig network = NetworkConfig.read(root.section("network"), home);
        Configuration configuration =
                new Configuration(
                        dataDir,
                        keyset,
                        http,
                        DatabaseConfig.read(root.section("database")),
                        network,
                        PollingConfig.read(root.section("polling")),
                        providers(root, shipped, network.egress().keySet()),
                        WebhooksConfig.read(root.section("webhooks")),
                        RetentionConfig.read(root.section("retention")),
                        LimitsConfig.read(root.section("limits")),
                        ClusterConfig.read(root.section("cluster"), http),
                        OperatorConfig.read(root.section("operator")),
                        CanaryConfig.read(root.sectionOrOff("canary")),
                        LoggingConfig.read(root.section("logging")),
                        metricsPort);
        if (metricsPort != 0 && metricsPort == configuration.http.port()) {
            metrics.fault("port", "is the API's; 0 serves the metrics there");
        }
        if (metricsPort != 0 && metricsPort == configuration.http.loopbackPort()) {
            metrics.fault("port", "is http.loopbackPort; give another one");
        }
        security.rejectUnknown();
        metrics.rejectUnknown();
        root.rejectUnknown();
        return configuration;
    }

    private static List<ProviderProfile> providers(
            ConfigurationSection root, List<ProviderProfile> shipped, Set<String> ways) {
        List<ProviderProfile> own = new ArrayList<>();
        root.sections("providers").forEach(section -> own.add(ProviderProfile.read(section, ways)));
        root.recorded("providers", List.copyOf(own));
        own.addAll(shipped);
        return own;
    }

    /** Whether a key takes effect while the daemon runs. */
    public static boolean isReloaded(String key) {
        return key.startsWith(EGRESS) || RELOADED.contains(key.replaceFirst("\\..*", ""));
    }

    /** This configuration, with every setting that {@link #isReloaded} taken from {@code newer}. */
    public Configuration reloadedFrom(Configuration newer) {
        return new Configuration(
                dataDir,
                keyset,
                http,
                database,
                network.withEgress(newer.network.egress()),
                newer.polling,
                newer.providers,
                newer.webhooks,
                retention,
                newer.limits,
                cluster,
                newer.operator,
                newer.canary,
                logging,
                metricsPort);
    }

    private static Path path(
            ConfigurationSection section, String key, String defaultValue, Path home) {
        String text = section.string(key, defaultValue);
        try {
            return home.resolve(text.isEmpty() ? defaultValue : text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            section.fault(key, "is not a path: " + e.getReason());
            return home;
        }
    }
}
