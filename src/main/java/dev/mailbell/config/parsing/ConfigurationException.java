package dev.mailbell.config.parsing;

import java.util.List;
import java.util.stream.Collectors;

/** The configuration cannot be used; the message lists every fault with its place in the source. */
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<ConfigurationFault> faults;

    ConfigurationException(List<ConfigurationFault> faults) {
        super(
                (faults.size() == 1 ? "1 fault" : faults.size() + " faults")
                        + " in the configuration:\n  "
                        + faults.stream()
                                .map(ConfigurationFault::text)
                                .collect(Collectors.joining("\n  ")));
        this.faults = List.copyOf(faults);
    }

    /** For faults that only show on this machine, such as a directory that cannot be written. */
    public static ConfigurationException of(List<ConfigurationFault> faults) {
        return new ConfigurationException(faults);
    }

    /** For a source that cannot be read at all. */
    public ConfigurationException(String source, int line, String message) {
        this(List.of(new ConfigurationFault(source, line, "", message)));
    }

    /** The faults in the order of reading. */
    public List<ConfigurationFault> faults() {
        return faults;
    }
}
