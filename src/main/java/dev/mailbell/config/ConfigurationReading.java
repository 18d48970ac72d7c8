package dev.mailbell.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One reading of a configuration: the environment laid over the file, the faults met, the keys that
 * exist.
 */
final class ConfigurationReading {
    static final String PREFIX = "MAILBELL_";

    /** Variables that begin like keys and are none. */
    private static final Set<String> NO_KEYS =
            Set.of(
                    "MAILBELL_ADMIN_KEY",
                    "MAILBELL_CONFIG",
                    "MAILBELL_JAVA_OPTS",
                    "MAILBELL_HOME",
                    "MAILBELL_VERSION");

    private final String file;
    private final Map<String, String> environment;
    private final Set<String> readVariables = new HashSet<>();
    private final Set<String> keys = new TreeSet<>();
    private final Map<String, Object> values = new TreeMap<>();
    private final List<ConfigurationFault> faults = new ArrayList<>();

    ConfigurationReading(String file, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    /** The environment's word on a key, if it has one. */
    Optional<String> variable(String path) {
        keys.add(path);
        String name = variableName(path);
        readVariables.add(name);
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }

    /**
     * {@code polling.pop3.interval} is {@code MAILBELL_POLLING_POP3_INTERVAL}; {@code dataDir} is
     * {@code …_DATA_DIR}.
     */
    static String variableName(String path) {
        return PREFIX
                + path.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                        .replace('.', '_')
                        .toUpperCase(Locale.ROOT);
    }

    /**
     * @param line from 1; 0 when the environment said it
     */
    void fault(int line, String path, String message) {
        faults.add(
                line == 0
                        ? new ConfigurationFault(variableName(path), 0, "", message)
                        : new ConfigurationFault(file, line, path, message));
    }

    /** What a key is in the end: as it was said, or its default. */
    void note(String path, Object value) {
        values.put(path, value);
    }

    /** Ends the reading: variables that name no key are faults too. */
    void end() {
        environment.keySet().stream()
                .filter(name ->
                        name.startsWith(PREFIX)
                                && !readVariables.contains(name)
                                && !NO_KEYS.contains(name))
                .sorted()
                .forEach(name ->
                        faults.add(
                                new ConfigurationFault(
                                        name,
                                        0,
                                        "",
                                        "there is no such key"
                                                + Suggestion.to(name, readVariables)
                                                        .map(near -> "; did you mean " + near + "?")
                                                        .orElse(""))));
        if (!faults.isEmpty()) {
            throw new ConfigurationException(faults);
        }
    }

    /** All keys outside of lists with what they are. */
    Map<String, Object> values() {
        return values;
    }

    /** The paths of all keys that were asked for. */
    Set<String> keys() {
        return keys;
    }
}
