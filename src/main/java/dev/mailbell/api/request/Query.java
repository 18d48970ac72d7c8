package dev.mailbell.api.request;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.ProblemException;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * Reads the query parameters of a request by name. {@link #validate} comes last: it refuses the
 * request when a parameter does not fit or was not read.
 */
public final class Query {
    private static final int DEFAULT_LIMIT = 50;
    private static final int MAX_LIMIT = 500;
    private static final int MAX_LENGTH = 2_000;
    private static final String CURSOR_RULE =
            "is not a cursor; take nextCursor of the page before, as it is";

    private final Map<String, List<String>> given;
    private final FieldErrors errors = new FieldErrors();
    private final Set<String> known = new HashSet<>();

    Query(Map<String, List<String>> given) {
        this.given = given;
    }

    public static Query of(Context context) {
        return new Query(context.queryParamMap());
    }

    public void error(String name, String message) {
        errors.add(name, message);
    }

    public Optional<String> text(String name) {
        known.add(name);
        List<String> values = given.getOrDefault(name, List.of());
        if (values.isEmpty()) {
            return Optional.empty();
        }
        if (values.size() > 1) {
            error(name, "is there " + values.size() + " times; once is enough");
            return Optional.empty();
        }
        Optional<String> error = TextRules.lineError(values.getFirst(), MAX_LENGTH);
        error.ifPresent(message -> error(name, message));
        return error.isPresent() ? Optional.empty() : Optional.of(values.getFirst());
    }

    /**
     * Reads one parameter.
     *
     * @param parser returns empty for a text that does not fit
     * @param rule the error message for such a text
     */
    public <T> Optional<T> read(String name, Function<String, Optional<T>> parser, String rule) {
        Optional<String> text = text(name);
        Optional<T> value = text.flatMap(parser);
        if (text.isPresent() && value.isEmpty()) {
            error(name, rule);
        }
        return value;
    }

    public Optional<UUID> id(String name) {
        return read(name, Uuids::parse, "must be an id, a UUID");
    }

    public Optional<Instant> instant(String name) {
        return read(name, Instants::parse, Instants.RULE);
    }

    public int limit() {
        return read("limit", Query::limitOf, "must be a whole number from 1 to " + MAX_LIMIT)
                .orElse(DEFAULT_LIMIT);
    }

    private static Optional<Integer> limitOf(String text) {
        return text.matches("[0-9]{1,3}")
                ? Optional.of(Integer.valueOf(text)).filter(n -> n >= 1 && n <= MAX_LIMIT)
                : Optional.empty();
    }

    /** The id after which the page begins. */
    public Optional<UUID> cursor() {
        return read("cursor", Cursor::parse, CURSOR_RULE);
    }

    /** The name after which the page begins. */
    public Optional<String> nameCursor() {
        return read("cursor", Cursor::parseName, CURSOR_RULE);
    }

    /** The names of all parameters that begin with {@code prefix}, with the prefix removed. */
    List<String> namesWithPrefix(String prefix) {
        return given.keySet().stream()
                .filter(name -> name.startsWith(prefix) && name.length() > prefix.length())
                .map(name -> name.substring(prefix.length()))
                .toList();
    }

    /** The values of a parameter that may be given several times. */
    List<String> texts(String name) {
        known.add(name);
        List<String> values = given.getOrDefault(name, List.of());
        for (String value : values) {
            Optional<String> error = TextRules.lineError(value, MAX_LENGTH);
            if (error.isPresent()) {
                error(name, error.get());
                return List.of();
            }
        }
        return values;
    }

    /**
     * @throws ProblemException 400 with every error, also for parameters that were not read
     */
    public void validate() {
        for (String name : given.keySet()) {
            if (!known.contains(name)) {
                String hint =
                        TextRules.nearest(name, known)
                                .map(near -> "; did you mean \"" + near + "\"?")
                                .orElse("");
                error(TextRules.shown(name), "is not a known query parameter" + hint);
            }
        }
        errors.throwIfAny();
    }
}
