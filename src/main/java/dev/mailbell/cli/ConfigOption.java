package dev.mailbell.cli;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.LiveConfiguration;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --config}, which most commands have. */
final class ConfigOption {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description =
                    "the configuration; default: the file that MAILBELL_CONFIG names, else config/mailbell.yaml")
    private @Nullable Path file;

    Configuration load() {
        return loader().load(file);
    }

    /** Reads the configuration so that it can be reloaded. */
    LiveConfiguration live() {
        return LiveConfiguration.open(loader(), file);
    }

    Optional<Path> file() {
        return loader().file(file);
    }

    private static ConfigurationLoader loader() {
        return new ConfigurationLoader(home(), System.getenv());
    }

    /** The program's directory, which the launcher passes on. */
    static Path home() {
        return Path.of(System.getProperty("mailbell.home", ".")).toAbsolutePath().normalize();
    }
}
