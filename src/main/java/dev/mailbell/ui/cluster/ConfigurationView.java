package dev.mailbell.ui.cluster;

import dev.mailbell.config.ConfigurationEntry;
import java.util.List;

/**
 * The configuration in effect at this node.
 *
 * @param sections by the first part of their keys
 * @param faults of the last reload, as lines of text
 * @param givenOnly whether defaults are left out
 * @param given how many values are no defaults
 * @param total all of them
 */
public record ConfigurationView(
        List<Section> sections, List<String> faults, boolean givenOnly, int given, int total) {
    public ConfigurationView {
        sections = List.copyOf(sections);
        faults = List.copyOf(faults);
    }

    /** The keys of a section. */
    public record Section(String name, List<ConfigurationEntry> entries) {
        public Section {
            entries = List.copyOf(entries);
        }
    }
}
