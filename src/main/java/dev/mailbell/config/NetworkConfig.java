package dev.mailbell.config;

import dev.mailbell.network.AddressGuard;
import dev.mailbell.network.HostGlob;
import java.util.List;

/**
 * Which hosts may be spoken to.
 *
 * @param allowPrivate CIDR ranges, otherwise refused, that mail servers, webhooks and token URLs
 *     may be in
 * @param allowCleartext patterns of hosts that may be spoken to without TLS
 * @param proxy how webhooks and mail leave this network; empty for directly
 */
public record NetworkConfig(List<String> allowPrivate, List<String> allowCleartext, String proxy) {
    public NetworkConfig {
        allowPrivate = List.copyOf(allowPrivate);
        allowCleartext = List.copyOf(allowCleartext);
    }

    static NetworkConfig read(Section section) {
        NetworkConfig config =
                new NetworkConfig(
                        section.list("allowPrivate", List.of(), NetworkConfig::range),
                        section.list(
                                "allowCleartext",
                                List.of(),
                                glob -> {
                                    HostGlob.of(glob);
                                    return glob;
                                }),
                        section.string("proxy", ""));
        if (!config.proxy.isEmpty()) {
            section.fault("proxy", "is not supported by this version yet; leave it empty");
        }
        section.end();
        return config;
    }

    private static String range(String cidr) {
        AddressGuard.requireRange(cidr);
        return cidr;
    }
}
