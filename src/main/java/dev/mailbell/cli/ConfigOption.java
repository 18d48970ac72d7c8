package dev.mailbell.cli;

import dev.mailbell.config.Configuration;
import dev.mailbell.config.ConfigurationLoader;
import dev.mailbell.config.LiveConfiguration;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option that most commands share. */
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

    /** To be read again while the daemon runs. */
    LiveConfiguration live() {
        return LiveConfiguration.open(loader(), file);
    }

    Optional<Path> file() {
        return loader().file(file);
    }

    private static ConfigurationLoader loader() {
        return new ConfigurationLoader(home(), System.getenv());
    }

    /** The program's folder, as the launcher says. */
    static Path home() {
        return Path.of(System.getProperty("mailbell.home", ".")).toAbsolutePath().normalize();
    }
}
