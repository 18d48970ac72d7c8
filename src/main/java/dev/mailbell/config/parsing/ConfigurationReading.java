package dev.mailbell.config.parsing;

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
 * The state of reading one configuration: the environment, which overrides the file, the faults
 * found, and the keys and values read.
 */
public final class ConfigurationReading {
    static final String PREFIX = "MAILBELL_";

    /** Variables with the prefix that are not keys of the configuration. */
    private static final Set<String> OTHER_VARIABLES =
            Set.of(
                    "MAILBELL_ADMIN_KEY",
                    "MAILBELL_CONFIG",
                    "MAILBELL_JAVA_OPTS",
                    // Of commands that call the API.
                    "MAILBELL_KEY",
                    "MAILBELL_KEY_FILE",
                    "MAILBELL_URL",
                    "MAILBELL_KEYSET",
                    "MAILBELL_HOME",
                    "MAILBELL_VERSION");

    private final String file;
    private final Map<String, String> environment;
    private final Set<String> readVariables = new HashSet<>();
    private final Set<String> keys = new TreeSet<>();
    private final Map<String, Object> values = new TreeMap<>();
    private final Map<String, String> sources = new TreeMap<>();
    private final List<ConfigurationFault> faults = new ArrayList<>();

    public ConfigurationReading(String file, Map<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    /** The value of a key in the environment, if it is set. */
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
                        .replace('-', '_')
                        .toUpperCase(Locale.ROOT);
    }

    /**
     * @param line from 1; 0 when the value comes from the environment
     */
    void fault(int line, String path, String message) {
        faults.add(
                line == 0
                        ? new ConfigurationFault(variableName(path), 0, "", message)
                        : new ConfigurationFault(file, line, path, message));
    }

    /**
     * Records the value of a key, given or default.
     *
     * @param line from 1; 0 when the file does not have the key
     */
    void record(String path, Object value, int line) {
        values.put(path, value);
        String name = variableName(path);
        boolean inEnvironment =
                readVariables.contains(name) && !environment.getOrDefault(name, "").isBlank();
        if (inEnvironment) {
            sources.put(path, name);
        } else if (line > 0) {
            sources.put(path, file + ":" + line);
        }
    }

    /** Where each value is from that is no default: a variable, or the file and its line. */
    public Map<String, String> sources() {
        return sources;
    }

    /**
     * Adds a fault for every variable with the prefix that names no key.
     *
     * @throws ConfigurationException with all faults, if there are any
     */
    public void finish() {
        environment.keySet().stream()
                .filter(name ->
                        name.startsWith(PREFIX)
                                && !readVariables.contains(name)
                                && !OTHER_VARIABLES.contains(name))
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

    /** All keys outside of lists with their values. */
    public Map<String, Object> values() {
        return values;
    }

    /** The paths of all keys that were read. */
    public Set<String> keys() {
        return keys;
    }
}
