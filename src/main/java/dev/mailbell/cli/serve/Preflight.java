package dev.mailbell.cli.serve;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.HttpConfig;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.parsing.ConfigurationFault;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.embedded.ConfiguredDatabase;
import dev.mailbell.network.tls.ServerCertificate;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeyringException;
import dev.mailbell.secret.KeysetPlace;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks the configuration against this machine: the operator's key, the database, the keyset, the
 * data directory, the address and the certificate. {@code check-config} and {@code serve} both run
 * it. It writes and starts nothing.
 */
final class Preflight {
    private final Configuration configuration;
    private final List<ConfigurationFault> faults = new ArrayList<>();

    private Preflight(Configuration configuration) {
        this.configuration = configuration;
    }

    /**
     * @throws ConfigurationException with every fault
     */
    static void require(Configuration configuration, Map<String, String> environment) {
        List<ConfigurationFault> found = faults(configuration, environment);
        if (!found.isEmpty()) {
            throw ConfigurationException.of(found);
        }
    }

    static List<ConfigurationFault> faults(
            Configuration configuration, Map<String, String> environment) {
        Preflight preflight = new Preflight(configuration);
        String key = environment.getOrDefault("MAILBELL_ADMIN_KEY", "");
        preflight.operatorKey(key);
        preflight.database();
        preflight.keyset(environment);
        preflight.dataDir(
                key.isBlank(), environment.getOrDefault(KeysetPlace.VARIABLE, "").isBlank());
        preflight.address();
        preflight.certificate();
        return List.copyOf(preflight.faults);
    }

    private void operatorKey(String key) {
        Optional<String> fault = OperatorKey.fault(key);
        fault.ifPresent(message -> add("the environment", "MAILBELL_ADMIN_KEY", message));
        Path file = OperatorKey.file(configuration.dataDir());
        if (key.isBlank() && Files.exists(file)) {
            try {
                OperatorKey.faultOfFile(Files.readString(file).strip())
                        .ifPresent(message -> add(file.toString(), "", message));
            } catch (IOException e) {
                add(file.toString(), "", "cannot be read: " + e.getMessage());
            }
        }
    }

    private void database() {
        try {
            ConfiguredDatabase.requireUsable(configuration.database(), configuration.dataDir());
        } catch (DatabaseException e) {
            add(
                    "the configuration",
                    configuration.database().embedded() ? "dataDir" : "database.url",
                    String.valueOf(e.getMessage()));
        }
    }

    private void keyset(Map<String, String> environment) {
        KeysetPlace place = KeysetPlace.of(configuration.keyset(), environment);
        Path file = place.file();
        if (!place.variable().isEmpty() || Files.exists(file)) {
            try {
                Keyring.openExisting(place);
            } catch (KeyringException e) {
                add("the configuration", "security.keyset", String.valueOf(e.getMessage()));
            }
        } else if (!file.startsWith(configuration.dataDir())
                && !canBeWritten(file.resolveSibling("."))) {
            add(
                    "the configuration",
                    "security.keyset",
                    "there is no keyset at " + file + ", and its directory cannot be written");
        }
    }

    private void dataDir(boolean keyIsStoredThere, boolean keysetIsInFile) {
        Path dataDir = configuration.dataDir();
        boolean needed =
                configuration.database().embedded()
                        || keyIsStoredThere && !Files.exists(OperatorKey.file(dataDir))
                        || keysetIsInFile
                                && !Files.exists(configuration.keyset())
                                && configuration.keyset().startsWith(dataDir);
        if (needed && !canBeWritten(dataDir)) {
            add(
                    "the configuration",
                    "dataDir",
                    "the data directory "
                            + dataDir
                            + " cannot be written by the user that runs Mailbell: "
                            + remedy(dataDir)
                            + ", or name another one (dataDir, MAILBELL_DATA_DIR)");
        }
    }

    /** Whether a directory is writable or can be created. */
    private static boolean canBeWritten(Path directory) {
        @Nullable Path existing = existing(directory);
        return existing != null && Files.isDirectory(existing) && Files.isWritable(existing);
    }

    /** The path itself, or its nearest parent that exists. */
    private static @Nullable Path existing(Path path) {
        @Nullable Path existing = path.toAbsolutePath().normalize();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing;
    }

    private static String remedy(Path directory) {
        @Nullable Path existing = existing(directory);
        if (existing != null && !Files.isDirectory(existing)) {
            return existing + " is a file: remove it";
        }
        return existing != null && isMountedReadOnly(existing)
                ? "its file system is mounted read-only: mount it writable"
                : "give that user the directory (chown)";
    }

    private static boolean isMountedReadOnly(Path existing) {
        try {
            return Files.getFileStore(existing).isReadOnly();
        } catch (IOException e) {
            // Unknown: the remedy for the usual case applies.
            return false;
        }
    }

    private void address() {
        String host = configuration.http().host();
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(host, 0));
        } catch (IOException e) {
            add(
                    "the configuration",
                    "http.host",
                    "\"" + host + "\" is no address of this machine: " + e.getMessage());
        }
    }

    private void certificate() {
        HttpConfig.@Nullable TlsFiles files = configuration.http().tls();
        if (files != null) {
            try {
                ServerCertificate.read(files.certificate(), files.key());
            } catch (IllegalArgumentException e) {
                add("the configuration", "http.tls", String.valueOf(e.getMessage()));
            }
        }
    }

    private void add(String source, String key, String message) {
        faults.add(new ConfigurationFault(source, 0, key, message));
    }
}
