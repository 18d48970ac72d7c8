package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import dev.mailbell.network.HostGlob;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.socket.Egress;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The hosts that Mailbell may connect to.
 *
 * @param allowPrivate CIDR ranges of otherwise blocked addresses that mail servers, webhooks and
 *     token URLs may have
 * @param allowCleartext patterns of hosts that may be used without TLS
 * @param caPem certificate authorities for webhooks besides the platform's, in PEM; null for none
 * @param proxy the egress proxy for webhooks; null for direct connections
 * @param egress the ways out that accounts and provider profiles may name
 */
public record NetworkConfig(
        List<String> allowPrivate,
        List<String> allowCleartext,
        @Nullable String caPem,
        @Nullable ProxyAddress proxy,
        Map<String, Egress> egress) {
    private static final int MAX_BUNDLE_BYTES = 256 * 1024;

    public NetworkConfig {
        allowPrivate = List.copyOf(allowPrivate);
        allowCleartext = List.copyOf(allowCleartext);
        egress = Map.copyOf(egress);
    }

    static NetworkConfig read(ConfigurationSection section, Path home) {
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
                        bundle(section, home),
                        proxy(section),
                        EgressConfig.read(section));
        section.rejectUnknown();
        return config;
    }

    private static String range(String cidr) {
        AddressGuard.requireRange(cidr);
        return cidr;
    }

    private static @Nullable String bundle(ConfigurationSection section, Path home) {
        String text = section.string("caBundle", "");
        if (text.isEmpty()) {
            return null;
        }
        try {
            Path file = home.resolve(text).toAbsolutePath().normalize();
            String pem = read(file);
            TlsContexts.requireCaPem(pem, file.toString());
            // The content is compared at a reload, so that new content of the same file is a
            // change.
            return section.recorded("caBundle", pem);
        } catch (InvalidPathException e) {
            section.fault("caBundle", "is not a path: " + e.getReason());
        } catch (IllegalArgumentException e) {
            section.fault("caBundle", String.valueOf(e.getMessage()));
        }
        return null;
    }

    private static String read(Path file) {
        try {
            if (Files.size(file) > MAX_BUNDLE_BYTES) {
                throw new IllegalArgumentException(file + " is larger than 256 KiB");
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException("there is no file " + file, e);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(
                    file + " is not text; convert it to PEM (openssl x509 -inform der)", e);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static @Nullable ProxyAddress proxy(ConfigurationSection section) {
        String url = section.string("proxy", "");
        try {
            return url.isEmpty() ? null : ProxyAddress.parseHttp(url);
        } catch (IllegalArgumentException e) {
            section.fault("proxy", String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** These settings with other ways out. */
    NetworkConfig withEgress(Map<String, Egress> newer) {
        return new NetworkConfig(allowPrivate, allowCleartext, caPem, proxy, newer);
    }
}
