package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.parsing.ConfigurationReading;
import dev.mailbell.config.parsing.ConfigurationSection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** Finds and reads the configuration. */
public final class ConfigurationLoader {
    private static final String SHIPPED_PROVIDERS = "/config/providers.yaml";
    private static final int MAX_FILE_BYTES = 1 << 20;

    private final Path home;
    private final Map<String, String> environment;

    /**
     * @param home the program's directory, against which relative paths are resolved
     * @param environment the environment variables of the process
     */
    public ConfigurationLoader(Path home, Map<String, String> environment) {
        this.home = home;
        this.environment = environment;
    }

    /**
     * The file to read: the given one, else the one in {@code MAILBELL_CONFIG}, else {@code
     * config/mailbell.yaml} in the program's directory if it exists.
     */
    public Optional<Path> file(@Nullable Path given) {
        if (given != null) {
            return Optional.of(given);
        }
        String named = environment.get("MAILBELL_CONFIG");
        if (named != null && !named.isBlank()) {
            return Optional.of(Path.of(named));
        }
        Path defaultFile = home.resolve("config/mailbell.yaml");
        return Files.exists(defaultFile) ? Optional.of(defaultFile) : Optional.empty();
    }

    /**
     * Reads the configuration; without a file, only the environment and the defaults.
     *
     * @throws ConfigurationException with every fault
     */
    public Configuration load(@Nullable Path given) {
        return read(file(given)).configuration();
    }

    /**
     * A warning when other users can read the file and it has a secret, without its value.
     *
     * @throws ConfigurationException with every fault
     */
    public Optional<String> exposedSecrets(@Nullable Path given) {
        // A pipe cannot be read twice, and no other user can open it.
        return file(given)
                .filter(Files::isRegularFile)
                .flatMap(file -> SecretsInFile.warning(file, read(Optional.of(file))));
    }

    /** Reads only the environment and the defaults. */
    public Configuration loadEnvironment() {
        return read(Optional.empty()).configuration();
    }

    /**
     * Reads the configuration with the value of each key, so that two can be compared key by key.
     */
    public Loaded loadKeys(@Nullable Path given) {
        return read(file(given));
    }

    /**
     * @param values the value of each key outside of lists, secrets included
     * @param sources where each value is from that is no default
     */
    public record Loaded(
            Configuration configuration, Map<String, Object> values, Map<String, String> sources) {
        public Loaded {
            values = Map.copyOf(values);
            sources = Map.copyOf(sources);
        }

        /** Without the values. */
        @Override
        public String toString() {
            return "Loaded[" + values.size() + " keys]";
        }
    }

    private Loaded read(Optional<Path> file) {
        String name = file.map(Path::toString).orElse("(no file)");
        ConfigurationReading reading = new ConfigurationReading(name, environment);
        String yaml = file.isEmpty() ? "" : text(file.get());
        return new Loaded(read(name, yaml, reading), reading.values(), reading.sources());
    }

    private Configuration read(String name, String yaml, ConfigurationReading reading) {
        ConfigurationSection root =
                new ConfigurationSection(reading, "", compose(name, yaml), false);
        Configuration configuration = Configuration.read(root, home, shippedProviders());
        reading.finish();
        return configuration;
    }

    /** The paths of all keys that exist, except keys inside of lists. */
    public static Set<String> keys() {
        ConfigurationReading reading = new ConfigurationReading("defaults", Map.of());
        new ConfigurationLoader(Path.of("."), Map.of()).read("defaults", "", reading);
        return reading.keys();
    }

    private static List<ProviderProfile> shippedProviders() {
        try (InputStream stream =
                ConfigurationLoader.class.getResourceAsStream(SHIPPED_PROVIDERS)) {
            if (stream == null) {
                throw new IllegalStateException("the program's jar lacks " + SHIPPED_PROVIDERS);
            }
            ConfigurationReading reading =
                    new ConfigurationReading("config/providers.yaml", Map.of());
            String yaml = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            ConfigurationSection root =
                    new ConfigurationSection(
                            reading, "", compose("config/providers.yaml", yaml), false);
            List<ProviderProfile> profiles = new ArrayList<>();
            root.sections("providers")
                    .forEach(section -> profiles.add(ProviderProfile.read(section, Set.of())));
            root.rejectUnknown();
            reading.finish();
            return profiles;
        } catch (IOException e) {
            throw new IllegalStateException("the program's jar cannot be read", e);
        }
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new ConfigurationException(file.toString(), 0, "is larger than 1 MiB");
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new ConfigurationException(file.toString(), 0, "there is no such file");
        } catch (IOException e) {
            throw new ConfigurationException(
                    file.toString(), 0, "cannot be read: " + e.getMessage());
        }
    }

    private static @Nullable Node compose(String name, String yaml) {
        LoadSettings settings = LoadSettings.builder().setLabel(name).build();
        try {
            return new Compose(settings).composeString(yaml).orElse(null);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
            throw new ConfigurationException(name, line, "is not YAML: " + e.getProblem());
        } catch (YamlEngineException e) {
            throw new ConfigurationException(name, 0, "is not YAML: " + e.getMessage());
        }
    }
}
