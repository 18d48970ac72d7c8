package dev.mailbell.config;

import dev.mailbell.network.HostGlob;
import dev.mailbell.network.address.AddressGuard;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.tls.TlsContexts;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which hosts may be spoken to, and how.
 *
 * @param allowPrivate CIDR ranges, otherwise refused, that mail servers, webhooks and token URLs
 *     may be in
 * @param allowCleartext patterns of hosts that may be spoken to without TLS
 * @param caPem the authorities that webhooks may be certified by besides the platform's, in PEM;
 *     null for none
 * @param proxy how webhooks leave this network; null for directly
 */
public record NetworkConfig(
        List<String> allowPrivate,
        List<String> allowCleartext,
        @Nullable String caPem,
        @Nullable ProxyAddress proxy) {
    private static final int LARGEST_BUNDLE = 256 * 1024;

    public NetworkConfig {
        allowPrivate = List.copyOf(allowPrivate);
        allowCleartext = List.copyOf(allowCleartext);
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
                        proxy(section));
        section.end();
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
            // What counts is what the file says: another one under the same name is a change.
            return section.noted("caBundle", pem);
        } catch (InvalidPathException e) {
            section.fault("caBundle", "is not a path: " + e.getReason());
        } catch (IllegalArgumentException e) {
            section.fault("caBundle", String.valueOf(e.getMessage()));
        }
        return null;
    }

    private static String read(Path file) {
        try {
            if (Files.size(file) > LARGEST_BUNDLE) {
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
            return url.isEmpty() ? null : ProxyAddress.parse(url);
        } catch (IllegalArgumentException e) {
            section.fault("proxy", String.valueOf(e.getMessage()));
            return null;
        }
    }
}
