package dev.mailbell.cli.config;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.reload.LiveConfiguration;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --config}, which most commands have. */
public final class ConfigOption {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description =
                    "the configuration; default: the file that MAILBELL_CONFIG names, else config/mailbell.yaml")
    private @Nullable Path file;

    boolean isGiven() {
        return file != null;
    }

    public Configuration load() {
        return loader().load(file);
    }

    /** Reads the configuration so that it can be reloaded. */
    public LiveConfiguration live() {
        return LiveConfiguration.open(loader(), file);
    }

    public Optional<Path> file() {
        return loader().file(file);
    }

    /** A warning when other users can read the file and it has a secret. */
    public Optional<String> exposedSecrets() {
        return loader().exposedSecrets(file);
    }

    private static ConfigurationLoader loader() {
        return new ConfigurationLoader(home(), System.getenv());
    }

    /** The program's directory, which the launcher passes on. */
    public static Path home() {
        return Path.of(System.getProperty("mailbell.home", ".")).toAbsolutePath().normalize();
    }
}
