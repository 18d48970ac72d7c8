package dev.mailbell.config.parsing;

/**
 * One fault of the configuration.
 *
 * @param source the file or the environment variable
 * @param line the line of the file, from 1; 0 for none
 * @param key the key's path, for example {@code polling.imap.interval}; empty for the whole source
 * @param message what is wrong and what would be right; never the value of a secret
 */
public record ConfigurationFault(String source, int line, String key, String message) {
    /** One line of text: source and line, key, message. */
    public String text() {
        return source
                + (line == 0 ? "" : ":" + line)
                + (key.isEmpty() ? "" : ": " + key)
                + ": "
                + message;
    }
}
