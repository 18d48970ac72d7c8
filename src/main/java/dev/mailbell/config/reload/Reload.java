package dev.mailbell.config.reload;

import java.util.List;

/**
 * The result of reloading the configuration.
 *
 * @param changed keys whose new value is in effect now
 * @param needsRestart keys whose new value takes effect at the next start
 */
public record Reload(List<String> changed, List<String> needsRestart) {
    public Reload {
        changed = List.copyOf(changed);
        needsRestart = List.copyOf(needsRestart);
    }

    /** The cause of a reload. */
    public enum Trigger {
        /** The operator, by SIGHUP. */
        SIGNAL("SIGHUP"),
        /** The operator, over HTTP. */
        REQUEST("a request"),
        /** A change of the file. */
        FILE("a change of the file");

        private final String text;

        Trigger(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
