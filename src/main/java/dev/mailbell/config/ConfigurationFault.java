package dev.mailbell.config;

/**
 * One thing that is wrong with the configuration.
 *
 * @param source the file, or the variable of the environment
 * @param line in the file, from 1; 0 where there is none
 * @param key its path, for example {@code polling.imap.interval}; empty where the whole source is
 *     meant
 * @param message what is wrong and what would be right; never the value of a secret
 */
public record ConfigurationFault(String source, int line, String key, String message) {
    /** As one line, place first. */
    public String text() {
        return source
                + (line == 0 ? "" : ":" + line)
                + (key.isEmpty() ? "" : ": " + key)
                + ": "
                + message;
    }
}
