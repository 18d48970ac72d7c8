package dev.mailbell.cli.api;

import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.HttpConfig;
import dev.mailbell.config.parsing.ConfigurationException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The daemon that this installation's configuration describes: where its API is, and the operator's
 * key, if this user may read it. A user who may not read the configuration gets the defaults.
 */
final class LocalDaemon {
    private static final String DEFAULT_URL = "http://127.0.0.1:2177";
    private static final String KEY_VARIABLE = "MAILBELL_ADMIN_KEY";

    private final Map<String, String> environment;
    private @Nullable Found found;

    LocalDaemon(Map<String, String> environment) {
        this.environment = environment;
    }

    private record Found(URI url, Optional<Path> dataDir) {}

    URI url() {
        return found().url();
    }

    /** The operator's key. */
    Optional<ApiOptions.Key> key() {
        String variable = environment.getOrDefault(KEY_VARIABLE, "").strip();
        if (!variable.isEmpty()) {
            return Optional.of(new ApiOptions.Key(variable, KEY_VARIABLE));
        }
        return found().dataDir()
                .map(directory -> directory.resolve("admin.key"))
                .filter(Files::isReadable)
                .flatMap(LocalDaemon::read);
    }

    /**
     * To be called before a key is sent.
     *
     * @throws ApiFailure when it is not certain that this daemon gets it
     */
    void requireGenuine() {
        LocalListener.of(found().dataDir()).require(url());
    }

    private static Optional<ApiOptions.Key> read(Path file) {
        try {
            return Optional.of(new ApiOptions.Key(Files.readString(file).strip(), file.toString()));
        } catch (IOException e) {
            // Removed meanwhile, or a directory: the call without a key says what is missing.
            return Optional.empty();
        }
    }

    private Found found() {
        if (found == null) {
            found = find();
        }
        return found;
    }

    private Found find() {
        Path home = Path.of(System.getProperty("mailbell.home", ".")).toAbsolutePath().normalize();
        try {
            var configuration = new ConfigurationLoader(home, environment).load(null);
            return new Found(url(configuration.http()), Optional.of(configuration.dataDir()));
        } catch (ConfigurationException e) {
            // It is another user's, or has faults, which check-config and serve report.
            return new Found(URI.create(DEFAULT_URL), Optional.empty());
        }
    }

    /** A loopback port in clear text first: the certificate may be for another name. */
    static URI url(HttpConfig http) {
        if (http.loopbackPort() != 0) {
            return URI.create("http://127.0.0.1:" + http.loopbackPort());
        }
        if (http.tls() != null && !http.publicUrl().isEmpty()) {
            return URI.create(http.publicUrl());
        }
        String host =
                switch (http.host()) {
                    case "0.0.0.0", "::", "[::]" -> "127.0.0.1";
                    default -> http.host();
                };
        return URI.create(
                (http.tls() == null ? "http://" : "https://")
                        + (host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host)
                        + ":"
                        + (http.port() == 0 ? 2177 : http.port()));
    }
}
