package dev.mailbell.api.request;

import dev.mailbell.api.problem.FieldErrors;
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
 * Reads the fields of one JSON object of a request, each by name and type. A value that does not
 * fit adds an error, and reading goes on. A null field counts as absent. {@link #rejectUnknown}
 * comes last: every field that was not read before it is an error.
 */
public final class Fields {
    private final ObjectNode node;
    private final String prefix;
    private final FieldErrors errors;
    private final Set<String> known = new LinkedHashSet<>();

    private Fields(ObjectNode node, String prefix, FieldErrors errors) {
        this.node = node;
        this.prefix = prefix;
        this.errors = errors;
    }

    public static Fields of(ObjectNode node, FieldErrors errors) {
        return new Fields(node, "", errors);
    }

    /** Adds an error of a field of this object. */
    public void error(String name, String message) {
        errors.add(prefix + name, message);
    }

    /** Whether the field is present and not null; it counts as read. */
    public boolean has(String name) {
        return value(name) != null;
    }

    private @Nullable JsonNode value(String name) {
        known.add(name);
        JsonNode value = node.get(name);
        return value == null || value.isNull() ? null : value;
    }

    private void wrongType(String name, JsonNode value, String wanted) {
        error(name, "must be " + wanted + ", not " + typeOf(value));
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

    /**
     * Adds an error where a value has other characters than a request for a token (RFC 6749) may.
     */
    public void requireAscii(String name, @Nullable String value) {
        if (value != null && !value.chars().allMatch(c -> c >= 0x20 && c < 0x7f)) {
            error(name, "must consist of printable ASCII characters");
        }
    }

    /** A non-empty string of one line. */
    public Optional<String> line(String name, int maxLength) {
        JsonNode value = value(name);
        return value == null ? Optional.empty() : line(name, value, maxLength);
    }

    private Optional<String> line(String name, JsonNode value, int maxLength) {
        if (!value.isString()) {
            wrongType(name, value, "a string");
            return Optional.empty();
        }
        Optional<String> error = TextRules.lineError(value.stringValue(), maxLength);
        error.ifPresent(message -> error(name, message));
        return error.isPresent() ? Optional.empty() : Optional.of(value.stringValue());
    }

    /** A required string of one line; returns an empty string after an error. */
    public String requiredLine(String name, int maxLength) {
        require(name);
        return line(name, maxLength).orElse("");
    }

    /** Adds an error when the field is absent or null. */
    public void require(String name) {
        known.add(name);
        if (!node.has(name)) {
            error(name, "is required");
        } else if (node.get(name).isNull()) {
            error(name, "must not be null");
        }
    }

    /** A string that may have line breaks and tabs, but no other control characters. */
    public Optional<String> text(String name, int maxLength) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isString()) {
            wrongType(name, value, "a string");
            return Optional.empty();
        }
        Optional<String> error = TextRules.textError(value.stringValue(), maxLength);
        error.ifPresent(message -> error(name, message));
        return error.isPresent() ? Optional.empty() : Optional.of(value.stringValue());
    }

    public Optional<Long> integer(String name, long min, long max) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        String wanted = "a whole number from " + min + " to " + max;
        if (!value.isIntegralNumber()) {
            wrongType(name, value, wanted);
            return Optional.empty();
        }
        if (!value.canConvertToLong() || value.longValue() < min || value.longValue() > max) {
            error(name, "must be " + wanted);
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
                error(name, "must be a duration of whole seconds, not negative");
                return Optional.empty();
            }
            return Optional.of(duration);
        } catch (DateTimeParseException e) {
            error(name, "must be an ISO-8601 duration such as PT60S or PT5M");
            return Optional.empty();
        }
    }

    public Optional<Instant> instant(String name) {
        Optional<String> text = line(name, 100);
        Optional<Instant> instant = text.flatMap(Instants::parse);
        if (text.isPresent() && instant.isEmpty()) {
            error(name, Instants.RULE);
        }
        return instant;
    }

    /** A string that is a key of {@code choices}; returns its value. */
    public <E> Optional<E> oneOf(String name, Map<String, E> choices) {
        Optional<String> word = line(name, 100);
        if (word.isPresent() && !choices.containsKey(word.get())) {
            error(name, "must be one of " + String.join(", ", choices.keySet()));
        }
        return word.flatMap(it -> Optional.ofNullable(choices.get(it)));
    }

    public Optional<Fields> object(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        if (value instanceof ObjectNode object) {
            return Optional.of(new Fields(object, prefix + name + ".", errors));
        }
        wrongType(name, value, "an object");
        return Optional.empty();
    }

    /** An array of distinct strings of one line; items with errors are left out. */
    public Optional<List<String>> lines(String name, int min, int max, int maxLength) {
        return items(name, min, max, (path, item) -> line(path, item, maxLength));
    }

    /**
     * An array of distinct ids; items with errors are left out.
     *
     * @param check returns the error message of an id, or empty for a good one
     */
    public Optional<List<UUID>> ids(
            String name, int min, int max, Function<UUID, Optional<String>> check) {
        return items(
                name,
                min,
                max,
                (path, item) -> {
                    Optional<String> text = line(path, item, 100);
                    Optional<UUID> id = text.flatMap(Uuids::parse);
                    if (text.isPresent() && id.isEmpty()) {
                        error(path, "must be an id, a UUID");
                    }
                    Optional<String> error = id.flatMap(check);
                    error.ifPresent(message -> error(path, message));
                    return error.isPresent() ? Optional.empty() : id;
                });
    }

    private <T> Optional<List<T>> items(
            String name, int min, int max, BiFunction<String, JsonNode, Optional<T>> reader) {
        JsonNode value = value(name);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isArray()) {
            wrongType(name, value, "an array of strings");
            return Optional.empty();
        }
        if (value.size() < min || value.size() > max) {
            error(name, "must have " + min + " to " + max + " items, not " + value.size());
            return Optional.empty();
        }
        Set<T> items = new LinkedHashSet<>();
        for (int i = 0; i < value.size(); i++) {
            String path = name + "[" + i + "]";
            Optional<T> item = reader.apply(path, value.get(i));
            if (item.isPresent() && !items.add(item.get())) {
                error(path, "is there twice");
            }
        }
        return Optional.of(List.copyOf(items));
    }

    /** An object of at most 32 strings: names up to 63 characters, values up to 255. */
    public Map<String, String> labels(String name) {
        JsonNode value = value(name);
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof ObjectNode object)) {
            wrongType(name, value, "an object of strings");
            return Map.of();
        }
        if (object.size() > Labels.MAX_COUNT) {
            error(name, "must have at most " + Labels.MAX_COUNT + " labels, not " + object.size());
            return Map.of();
        }
        Map<String, String> labels = new LinkedHashMap<>();
        object.properties()
                .forEach(entry -> {
                    String path = name + "." + TextRules.shown(entry.getKey());
                    if (!Labels.isName(entry.getKey())) {
                        error(path, Labels.NAME_RULE);
                    } else if (entry.getValue().isString()
                            && entry.getValue().stringValue().isEmpty()) {
                        labels.put(entry.getKey(), "");
                    } else {
                        line(path, entry.getValue(), Labels.MAX_VALUE_LENGTH)
                                .ifPresent(text -> labels.put(entry.getKey(), text));
                    }
                });
        return labels;
    }

    /** Adds an error for every field of the object that was not read. */
    public void rejectUnknown() {
        for (String name : node.propertyNames()) {
            if (!known.contains(name)) {
                String hint =
                        TextRules.nearest(name, known)
                                .map(near -> "; did you mean \"" + near + "\"?")
                                .orElse("; known are " + String.join(", ", known));
                error(TextRules.shown(name), "is not a known field" + hint);
            }
        }
    }
}
