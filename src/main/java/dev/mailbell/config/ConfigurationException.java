package dev.mailbell.config;

import java.util.List;

/** The configuration cannot be used; the message lists every fault with where it stands. */
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    ConfigurationException(List<String> faults) {
        super(
                (faults.size() == 1 ? "1 fault" : faults.size() + " faults")
                        + " in the configuration:\n  "
                        + String.join("\n  ", faults));
        this.faults = List.copyOf(faults);
    }

    /** One line each: where, which key, what is wrong. */
    public List<String> faults() {
        return faults;
    }
}
