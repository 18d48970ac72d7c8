package dev.mailbell.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * One mapping of the file under its path, with the environment laid over it. Every method gives the
 * default where nothing is said, and where what is said is a fault, which it notes; so that one
 * reading finds all faults.
 */
final class ConfigurationSection {
    private final ConfigurationReading reading;
    private final String path;
    private final Map<String, Node> values = new HashMap<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final Set<String> asked = new TreeSet<>();
    private final int line;

    /** Sections of a list have no place in the environment. */
    private final boolean inList;

    ConfigurationSection(
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

    void fault(String key, String message) {
        int at = variable(key).isPresent() ? 0 : lines.getOrDefault(key, line);
        reading.fault(at, full(key), message);
    }

    private Optional<String> variable(String key) {
        return inList ? Optional.empty() : reading.variable(full(key));
    }

    ConfigurationSection section(String key) {
        asked.add(key);
        return new ConfigurationSection(reading, full(key), values.get(key), inList);
    }

    List<ConfigurationSection> sections(String key) {
        asked.add(key);
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

    /** What is said of a key: a scalar's text; empty when nothing is. */
    private Optional<String> text(String key) {
        asked.add(key);
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

    private <T> T parsed(String key, T byDefault, Function<String, T> parser) {
        Optional<String> text = text(key);
        if (text.isEmpty()) {
            return noted(key, byDefault);
        }
        try {
            return noted(key, parser.apply(text.get().trim()));
        } catch (IllegalArgumentException e) {
            fault(key, String.valueOf(e.getMessage()));
            return byDefault;
        }
    }

    /** Lists are noted as a whole by who reads them. */
    <T> T noted(String key, T value) {
        if (!inList) {
            reading.note(full(key), value);
        }
        return value;
    }

    String string(String key, String byDefault) {
        return parsed(key, byDefault, text -> text);
    }

    int integer(String key, int byDefault, int least, int most) {
        return parsed(
                key,
                byDefault,
                text -> {
                    try {
                        int value = Integer.parseInt(text);
                        if (value >= least && value <= most) {
                            return value;
                        }
                    } catch (NumberFormatException e) {
                        throw new IllegalArgumentException(
                                "must be a whole number, is \"" + text + "\"", e);
                    }
                    throw new IllegalArgumentException(
                            "must be " + least + " to " + most + ", is " + text);
                });
    }

    double decimal(String key, double byDefault, double least, double most) {
        return parsed(
                key,
                byDefault,
                text -> {
                    try {
                        double value = Double.parseDouble(text);
                        if (value >= least && value <= most) {
                            return value;
                        }
                    } catch (NumberFormatException e) {
                        throw new IllegalArgumentException(
                                "must be a number, is \"" + text + "\"", e);
                    }
                    throw new IllegalArgumentException(
                            "must be " + least + " to " + most + ", is " + text);
                });
    }

    boolean bool(String key, boolean byDefault) {
        return Optional.ofNullable(optionalBool(key)).orElse(byDefault);
    }

    @Nullable Boolean optionalBool(String key) {
        return this.<Optional<Boolean>>parsed(
                        key,
                        Optional.empty(),
                        text ->
                                switch (text) {
                                    case "true" -> Optional.of(true);
                                    case "false" -> Optional.of(false);
                                    default ->
                                            throw new IllegalArgumentException(
                                                    "must be true or false, is \"" + text + "\"");
                                })
                .orElse(null);
    }

    Duration duration(String key, Duration byDefault, Duration least, Duration most) {
        return parsed(key, byDefault, text -> within(Durations.parse(text), least, most));
    }

    @Nullable Duration optionalDuration(String key, Duration least, Duration most) {
        return this.<Optional<Duration>>parsed(
                        key,
                        Optional.empty(),
                        text -> Optional.of(within(Durations.parse(text), least, most)))
                .orElse(null);
    }

    @Nullable Integer optionalInteger(String key, int least, int most) {
        return text(key).isEmpty() ? null : (Integer) integer(key, least, least, most);
    }

    private static Duration within(Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(
                    "must be "
                            + Durations.print(least)
                            + " to "
                            + Durations.print(most)
                            + ", is "
                            + Durations.print(value));
        }
        return value;
    }

    /** A list; in the environment its items are separated by commas. */
    <T> List<T> list(String key, List<T> byDefault, Function<String, T> parser) {
        asked.add(key);
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
            return noted(key, byDefault);
        } else {
            fault(key, "must be a list");
            return byDefault;
        }
        List<T> items = new ArrayList<>();
        for (String text : texts) {
            try {
                items.add(parser.apply(text.trim()));
            } catch (IllegalArgumentException e) {
                fault(key, String.valueOf(e.getMessage()));
            }
        }
        return noted(key, items);
    }

    /** Tells every key of this mapping that nobody asked for; to be called when all were. */
    void end() {
        values.keySet().stream()
                .filter(key -> !asked.contains(key))
                .sorted()
                .forEach(key ->
                        reading.fault(
                                lines.getOrDefault(key, line),
                                full(key),
                                "there is no such key"
                                        + Suggestion.to(key, asked)
                                                .map(near -> "; did you mean " + full(near) + "?")
                                                .orElse("")));
    }
}
