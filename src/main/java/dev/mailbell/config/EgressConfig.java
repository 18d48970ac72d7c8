package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.network.Host;
import dev.mailbell.network.socket.Egress;
import dev.mailbell.network.socket.ProxyAddress;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads {@code network.egress}: the ways out by their names. */
final class EgressConfig {
    private static final int MOST = 1_000;
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,31}");

    private EgressConfig() {}

    static Map<String, Egress> read(ConfigurationSection network) {
        Map<String, Egress> ways = new LinkedHashMap<>();
        network.namedSections("egress")
                .forEach((name, section) -> {
                    Egress way = way(name, section);
                    section.rejectUnknown();
                    if (!NAME.matcher(name).matches()) {
                        network.fault(
                                "egress",
                                "a name has a letter and up to 31 letters, digits and hyphens, all"
                                        + " lower case; it is \""
                                        + name
                                        + "\"");
                    } else if (way != null) {
                        ways.put(name, way);
                    }
                });
        if (ways.size() > MOST) {
            network.fault("egress", "must have at most " + MOST + " ways");
        }
        return ways;
    }

    private static @Nullable Egress way(String name, ConfigurationSection section) {
        String url = section.string("url", "");
        String local = section.string("local", "");
        boolean proxyResolves = section.bool("proxyResolves", false);
        if (url.isEmpty() && local.isEmpty()) {
            section.fault("url", "must be given, or local");
            return null;
        }
        if (url.isEmpty() && proxyResolves) {
            section.fault("proxyResolves", "needs a proxy, url");
        }
        ProxyAddress proxy = url.isEmpty() ? null : proxy(section, url);
        InetAddress address = local.isEmpty() ? null : local(section, local);
        // After a fault the configuration is not used.
        return proxy == null && address == null
                ? null
                : new Egress(name, proxy, address, proxyResolves);
    }

    private static @Nullable ProxyAddress proxy(ConfigurationSection section, String url) {
        try {
            return ProxyAddress.parse(url);
        } catch (IllegalArgumentException e) {
            section.fault("url", String.valueOf(e.getMessage()));
            return null;
        }
    }

    private static @Nullable InetAddress local(ConfigurationSection section, String text) {
        try {
            InetAddress literal = Host.of(text).literal().orElse(null);
            if (literal != null && !literal.isAnyLocalAddress()) {
                return literal;
            }
        } catch (IllegalArgumentException e) {
            section.fault("local", String.valueOf(e.getMessage()));
            return null;
        }
        section.fault("local", "must be an IP address of this machine");
        return null;
    }
}
