package dev.mailbell.api.request;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields of one JSON object of a request. Each is asked for by name and type; what does not fit
 * goes to the faults, and reading goes on. A field that is null counts as absent. {@link #done}
 * comes last and tells of the fields that nobody asked for.
 */
public final class Fields {
    private final ObjectNode node;
    private final String prefix;
    private final FieldErrors faults;
    private final Set<String> asked = new LinkedHashSet<>();

    private Fields(ObjectNode node, String prefix, FieldErrors faults) {
        this.node = node;
        this.prefix = prefix;
        this.faults = faults;
    }

    public static Fields of(ObjectNode node, FieldErrors faults) {
        return new Fields(node, "", faults);
    }

    /** Notes a fault of a field of this object. */
    public void fault(String name, String message) {
        faults.add(prefix + name, message);
    }

    /** Whether the field is there and not null; it counts as asked for. */
    public boolean has(String name) {
        return value(name) != null;
    }

    private @Nullable JsonNode value(String name) {
        asked.add(name);
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? null : value;
    }

    private void wrongType(String name, JsonNode value, String wanted) {
        fault(name, "must be " + wanted + ", not " + typeOf(value));
    }

    private static String typeOf(JsonNode value) {
        return switch (value.getNodeType()) {
            case OBJECT -> "an object";
            case ARRAY -> "an array";
            case STRING -> "a string";
            case NUMBER -> value.isIntegralNumber() ? "a number" : "a fraction";
            case BOOLEAN -> "a boolean";
            case NULL -> "null";
            default -> "something else";
        };
    }

    /** A string of one line. */
    public Optional<String> line(String name, int longest) {
        JsonNode value = value(name);
        return value == null ? Optional.empty() : line(name, value, longest);
    }

    private Optional<String> line(String name, JsonNode value, int longest) {
        if (!value.isString()) {
            wrongType(name, value, "a string");
            return Optional.empty();
        }
        Optional<String> fault = TextRules.faultOfLine(value.stringValue(), longest);
        fault.ifPresent(message -> fault(name, message));
        return fault.isPresent() ? Optional.empty() : Optional.of(value.stringValue());
    }

    /** A string of one line that must be there; empty text where it is not. */
    public String requiredLine(String name, int longest) {
        require(name);
        return line(name, longest).orElse("");
    }

    /** Notes a fault when the field is absent or null. */
    public void require(String name) {
        asked.add(name);
        if (!node.has(name)) {
            fault(name, "is required");
        } else if (node.get(name).isNull()) {
            fault(name, "must not be null");
        }
    }

    /** A string that may have line breaks, but no other control characters. */
    public Optional<String> text(String name, int longest) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isString()) {
            wrongType(name, value, "a string");
            return Optional.empty();
        }
        Optional<String> fault = TextRules.faultOfText(value.stringValue(), longest);
        fault.ifPresent(message -> fault(name, message));
        return fault.isPresent() ? Optional.empty() : Optional.of(value.stringValue());
    }

    public Optional<Long> integer(String name, long least, long most) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        String wanted = "a whole number from " + least + " to " + most;
        if (!value.isIntegralNumber()) {
            wrongType(name, value, wanted);
            return Optional.empty();
        }
        if (!value.canConvertToLong() || value.longValue() < least || value.longValue() > most) {
            fault(name, "must be " + wanted);
            return Optional.empty();
        }
        return Optional.of(value.longValue());
    }

    public Optional<Boolean> bool(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isBoolean()) {
            wrongType(name, value, "true or false");
            return Optional.empty();
        }
        return Optional.of(value.booleanValue());
    }

    /** An ISO-8601 duration of whole seconds. */
    public Optional<Duration> duration(String name) {
        Optional<String> text = line(name, 40);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            Duration duration = Duration.parse(text.get());
            if (duration.isNegative() || duration.getNano() != 0) {
                fault(name, "must be a duration of whole seconds, not negative");
                return Optional.empty();
            }
            return Optional.of(duration);
        } catch (DateTimeParseException e) {
            fault(name, "must be an ISO-8601 duration such as PT60S or PT5M");
            return Optional.empty();
        }
    }

    public Optional<Instant> instant(String name) {
        Optional<String> text = line(name, 100);
        Optional<Instant> instant = text.flatMap(Instants::parse);
        if (text.isPresent() && instant.isEmpty()) {
            fault(name, Instants.RULE);
        }
        return instant;
    }

    /** One of some words. */
    public <E> Optional<E> oneOf(String name, Map<String, E> choices) {
        Optional<String> word = line(name, 100);
        if (word.isPresent() && !choices.containsKey(word.get())) {
            fault(name, "must be one of " + String.join(", ", choices.keySet()));
        }
        return word.flatMap(it -> Optional.ofNullable(choices.get(it)));
    }

    public Optional<Fields> object(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof ObjectNode object) {
            return Optional.of(new Fields(object, prefix + name + ".", faults));
        }
        wrongType(name, value, "an object");
        return Optional.empty();
    }

    /** An array of strings of one line, without duplicates; those with faults are left out. */
    public Optional<List<String>> lines(String name, int least, int most, int longest) {
        return items(name, least, most, (path, item) -> line(path, item, longest));
    }

    /**
     * An array of ids, without duplicates; those with faults are left out.
     *
     * @param fault what is wrong with an id
     */
    public Optional<List<UUID>> ids(
            String name, int least, int most, Function<UUID, Optional<String>> fault) {
        return items(
                name,
                least,
                most,
                (path, item) -> {
                    Optional<String> text = line(path, item, 100);
                    Optional<UUID> id = text.flatMap(Uuids::parse);
                    if (text.isPresent() && id.isEmpty()) {
                        fault(path, "must be an id, a UUID");
                    }
                    Optional<String> wrong = id.flatMap(fault);
                    wrong.ifPresent(message -> fault(path, message));
                    return wrong.isPresent() ? Optional.empty() : id;
                });
    }

    private <T> Optional<List<T>> items(
            String name, int least, int most, BiFunction<String, JsonNode, Optional<T>> reader) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isArray()) {
            wrongType(name, value, "an array of strings");
            return Optional.empty();
        }
        if (value.size() < least || value.size() > most) {
            fault(name, "must have " + least + " to " + most + " items, not " + value.size());
            return Optional.empty();
        }
        Set<T> items = new LinkedHashSet<>();
        for (int i = 0; i < value.size(); i++) {
            String path = name + "[" + i + "]";
            Optional<T> item = reader.apply(path, value.get(i));
            if (item.isPresent() && !items.add(item.get())) {
                fault(path, "is there twice");
            }
        }
        return Optional.of(List.copyOf(items));
    }

    /** An object of strings: at most 32, names up to 63 characters, values up to 255. */
    public Map<String, String> labels(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof ObjectNode object)) {
            wrongType(name, value, "an object of strings");
            return Map.of();
        }
        if (object.size() > Labels.MOST) {
            fault(name, "must have at most " + Labels.MOST + " labels, not " + object.size());
            return Map.of();
        }
        Map<String, String> labels = new LinkedHashMap<>();
        object.properties()
                .forEach(entry -> {
                    String path = name + "." + TextRules.shown(entry.getKey());
                    if (!Labels.isName(entry.getKey())) {
                        fault(path, Labels.NAME_RULE);
                    } else if (entry.getValue().isString()
                            && entry.getValue().stringValue().isEmpty()) {
                        labels.put(entry.getKey(), "");
                    } else {
                        line(path, entry.getValue(), Labels.LONGEST_VALUE)
                                .ifPresent(text -> labels.put(entry.getKey(), text));
                    }
                });
        return labels;
    }

    /** Tells of every field that nobody asked for. */
    public void done() {
        for (String name : node.propertyNames()) {
            if (!asked.contains(name)) {
                String hint =
                        TextRules.nearest(name, asked)
                                .map(known -> "; did you mean \"" + known + "\"?")
                                .orElse("; known are " + String.join(", ", asked));
                fault(TextRules.shown(name), "is not a known field" + hint);
            }
        }
    }
}
