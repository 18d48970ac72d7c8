package dev.mailbell.config.parsing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * One mapping of the file under its path; the environment overrides its values. A method returns
 * the default when the key is absent, and when its value has a fault. The fault is recorded, so
 * that one reading finds all faults.
 */
public final class ConfigurationSection {
    private final ConfigurationReading reading;
    private final String path;
    private final Map<String, Node> values = new HashMap<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final Set<String> known = new TreeSet<>();
    private final int line;

    /** The environment cannot override sections of a list. */
    private final boolean inList;

    public ConfigurationSection(
            ConfigurationReading reading, String path, @Nullable Node node, boolean inList) {
        this.reading = reading;
        this.path = path;
        this.inList = inList;
        this.line = node == null ? 0 : lineOf(node);
        if (node instanceof MappingNode mapping) {
            for (NodeTuple tuple : mapping.getValue()) {
                String key =
                        tuple.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
                if (values.put(key, tuple.getValueNode()) != null) {
                    reading.fault(lineOf(tuple.getKeyNode()), full(key), "is given twice");
                }
                lines.put(key, lineOf(tuple.getKeyNode()));
            }
        } else if (node != null && !isNothing(node)) {
            reading.fault(line, path, "must be a section of keys");
        }
    }

    private static int lineOf(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    private static boolean isNothing(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private String full(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    int line() {
        return line;
    }

    String path() {
        return path;
    }

    public void fault(String key, String message) {
        int at = variable(key).isPresent() ? 0 : lines.getOrDefault(key, line);
        reading.fault(at, full(key), message);
    }

    private Optional<String> variable(String key) {
        return inList ? Optional.empty() : reading.variable(full(key));
    }

    public ConfigurationSection section(String key) {
        known.add(key);
        return new ConfigurationSection(reading, full(key), values.get(key), inList);
    }

    /** A section for which {@code off} stands as well. */
    public ConfigurationSection sectionOrOff(String key) {
        if (values.get(key) instanceof ScalarNode scalar && scalar.getValue().equals("off")) {
            values.remove(key);
        }
        return section(key);
    }

    /** The sections of a mapping whose keys the operator chooses, in the order of the file. */
    public SequencedMap<String, ConfigurationSection> namedSections(String key) {
        known.add(key);
        Node node = values.get(key);
        SequencedMap<String, ConfigurationSection> sections = new LinkedHashMap<>();
        if (node instanceof MappingNode mapping) {
            ConfigurationSection all = new ConfigurationSection(reading, full(key), node, inList);
            for (NodeTuple tuple : mapping.getValue()) {
                if (tuple.getKeyNode() instanceof ScalarNode name) {
                    sections.put(name.getValue(), all.section(name.getValue()));
                } else {
                    reading.fault(lineOf(tuple.getKeyNode()), full(key), "must have names as keys");
                }
            }
        } else if (node != null && !isNothing(node)) {
            fault(key, "must be a section of keys");
        }
        return sections;
    }

    public List<ConfigurationSection> sections(String key) {
        known.add(key);
        Node node = values.get(key);
        List<ConfigurationSection> sections = new ArrayList<>();
        if (node instanceof SequenceNode sequence) {
            for (Node item : sequence.getValue()) {
                sections.add(
                        new ConfigurationSection(
                                reading, full(key) + "[" + sections.size() + "]", item, true));
            }
        } else if (node != null && !isNothing(node)) {
            fault(key, "must be a list");
        }
        return sections;
    }

    /** The text of a scalar value; empty when the key is absent or null. */
    private Optional<String> text(String key) {
        known.add(key);
        Optional<String> variable = variable(key);
        Node node = values.get(key);
        if (variable.isPresent() || node == null || isNothing(node)) {
            return variable;
        }
        if (node instanceof ScalarNode scalar) {
            return Optional.of(scalar.getValue());
        }
        fault(key, "must be a single value");
        return Optional.empty();
    }

    private <T> T parsed(String key, T defaultValue, Function<String, T> parser) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return recorded(key, defaultValue);
        }
        try {
            return recorded(key, parser.apply(text.get().trim()));
        } catch (IllegalArgumentException e) {
            fault(key, String.valueOf(e.getMessage()));
            return defaultValue;
        }
    }

    /** Records a value and returns it. Values inside of lists are recorded with the list. */
    public <T> T recorded(String key, T value) {
        if (!inList) {
            Node node = values.get(key);
            boolean given = node != null && !isNothing(node);
            reading.record(full(key), value, given ? lines.getOrDefault(key, 0) : 0);
        }
        return value;
    }

    public String string(String key, String defaultValue) {
        return parsed(key, defaultValue, text -> text);
    }

    public int integer(String key, int defaultValue, int min, int max) {
        return parsed(key, defaultValue, text -> ValueSyntax.integer(text, min, max));
    }

    public double decimal(String key, double defaultValue, double min, double max) {
        return parsed(key, defaultValue, text -> ValueSyntax.decimal(text, min, max));
    }

    public boolean bool(String key, boolean defaultValue) {
        return recorded(key, Optional.ofNullable(optionalBool(key)).orElse(defaultValue));
    }

    public @Nullable Boolean optionalBool(String key) {
        return optional(key, ValueSyntax::bool);
    }

    public Duration duration(String key, Duration defaultValue, Duration min, Duration max) {
        return parsed(key, defaultValue, text -> ValueSyntax.duration(text, min, max));
    }

    public @Nullable Duration optionalDuration(String key, Duration min, Duration max) {
        return optional(key, text -> ValueSyntax.duration(text, min, max));
    }

    public @Nullable Integer optionalInteger(String key, int min, int max) {
        return text(key).isEmpty() ? null : (Integer) integer(key, min, min, max);
    }

    private <T> @Nullable T optional(String key, Function<String, T> parser) {
        return this.<Optional<T>>parsed(
                        key, Optional.empty(), text -> Optional.of(parser.apply(text)))
                .orElse(null);
    }

    /** A list; in the environment, commas separate its items. */
    public <T> List<T> list(String key, List<T> defaultValue, Function<String, T> parser) {
        known.add(key);
        Optional<String> variable = variable(key);
        Node node = values.get(key);
        List<String> texts = new ArrayList<>();
        if (variable.isPresent()) {
            texts.addAll(List.of(variable.get().split(",", -1)));
        } else if (node instanceof SequenceNode sequence) {
            for (Node item : sequence.getValue()) {
                if (item instanceof ScalarNode scalar) {
                    texts.add(scalar.getValue());
                } else {
                    reading.fault(lineOf(item), full(key), "must be a list of single values");
                }
            }
        } else if (node == null || isNothing(node)) {
            return recorded(key, defaultValue);
        } else {
            fault(key, "must be a list");
            return defaultValue;
        }
        List<T> items = new ArrayList<>();
        for (String text : texts) {
            try {
                items.add(parser.apply(text.trim()));
            } catch (IllegalArgumentException e) {
                fault(key, String.valueOf(e.getMessage()));
            }
        }
        return recorded(key, items);
    }

    /** Adds a fault for every key of this mapping that was not read; to be called last. */
    public void rejectUnknown() {
        values.keySet().stream()
                .filter(key -> !known.contains(key))
                .sorted()
                .forEach(key ->
                        reading.fault(
                                lines.getOrDefault(key, line),
                                full(key),
                                "there is no such key"
                                        + Suggestion.to(key, known)
                                                .map(near -> "; did you mean " + full(near) + "?")
                                                .orElse("")));
    }
}
