package dev.mailbell.config;

import dev.mailbell.config.parsing.ConfigurationSection;
import java.util.Locale;

/** How the log is written. */
public record LoggingConfig(Format format) {
    /** The form of a line. */
    public enum Format {
        /** For people. */
        TEXT,
        /** One JSON object a line, for programs. */
        JSON
    }

    static LoggingConfig read(ConfigurationSection section) {
        String name = section.string("format", "text");
        Format format = Format.TEXT;
        if (name.equals("text") || name.equals("json")) {
            format = Format.valueOf(name.toUpperCase(Locale.ROOT));
        } else {
            section.fault("format", "must be text or json");
        }
        section.rejectUnknown();
        return new LoggingConfig(format);
    }
}
