package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of the HTTP API.
 *
 * @param host a name or address of this machine
 * @param port 0 to 65,535; 0 for any free port
 * @param tls the files by which {@code port} speaks TLS; null for clear text
 * @param loopbackPort a port of 127.0.0.1 that speaks clear text besides; 0 for none
 * @param publicUrl the address under which browsers reach the API, without a slash at the end;
 *     empty for the one above
 */
public record HttpConfig(
        String host, int port, @Nullable TlsFiles tls, int loopbackPort, String publicUrl) {

    /** Two PEM files: a certificate with its chain, and its key. Both are absolute. */
    public record TlsFiles(Path certificate, Path key) {}

    /** Clear text alone. */
    public HttpConfig(String host, int port) {
        this(host, port, null, 0, "");
    }

    static HttpConfig read(ConfigurationSection section, Path home) {
        ConfigurationSection tls = section.section("tls");
        HttpConfig config =
                new HttpConfig(
                        section.string("host", "127.0.0.1"),
                        section.integer("port", 2177, 0, 65_535),
                        files(tls, home),
                        section.integer("loopbackPort", 0, 0, 65_535),
                        publicUrl(section));
        if (config.host.isBlank()) {
            section.fault("host", "must not be empty; 0.0.0.0 listens on all addresses");
        }
        if (config.loopbackPort != 0 && config.loopbackPort == config.port) {
            section.fault("loopbackPort", "is http.port; give another one, or 0 for none");
        }
        tls.rejectUnknown();
        section.rejectUnknown();
        return config;
    }

    private static @Nullable TlsFiles files(ConfigurationSection tls, Path home) {
        @Nullable Path certificate = file(tls, "certificate", home);
        @Nullable Path key = file(tls, "key", home);
        if (certificate == null && key == null) {
            return null;
        }
        if (certificate == null || key == null) {
            tls.fault(
                    certificate == null ? "certificate" : "key",
                    "is missing; TLS needs both files, clear text none");
            return null;
        }
        return new TlsFiles(certificate, key);
    }

    private static @Nullable Path file(ConfigurationSection tls, String name, Path home) {
        String text = tls.string(name, "");
        try {
            return text.isEmpty() ? null : home.resolve(text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            tls.fault(name, "is not a path: " + e.getReason());
            return null;
        }
    }

    private static String publicUrl(ConfigurationSection section) {
        String text = section.string("publicUrl", "");
        if (!text.isEmpty() && !isBaseUrl(text)) {
            section.fault(
                    "publicUrl",
                    "must be a URL without query and fragment, such as https://mail.example.org");
        }
        return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    }

    private static boolean isBaseUrl(String text) {
        try {
            URI url = new URI(text);
            return url.getHost() != null
                    && ("https".equals(url.getScheme()) || "http".equals(url.getScheme()))
                    && url.getRawUserInfo() == null
                    && url.getRawQuery() == null
                    && url.getRawFragment() == null;
        } catch (URISyntaxException e) {
            return false;
        }
    }
}
