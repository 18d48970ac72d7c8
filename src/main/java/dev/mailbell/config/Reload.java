package dev.mailbell.config;

import java.util.List;

/**
 * What came of reading the configuration again.
 *
 * @param changed keys whose new value is in effect now
 * @param needsRestart keys that say something else than what the daemon runs with, and take effect
 *     at the next start
 */
public record Reload(List<String> changed, List<String> needsRestart) {
    public Reload {
        changed = List.copyOf(changed);
        needsRestart = List.copyOf(needsRestart);
    }

    /** What made the daemon read its configuration again. */
    public enum Trigger {
        /** The operator, by SIGHUP. */
        SIGNAL("SIGHUP"),
        /** The operator, over HTTP. */
        REQUEST("a request"),
        /** Nobody: the file is another. */
        FILE("a change of the file");

        private final String words;

        Trigger(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }
}
