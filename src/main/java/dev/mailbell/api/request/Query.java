package dev.mailbell.api.request;

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
 * The query of a request. Each parameter is asked for by name; {@link #done} comes last and refuses
 * the request for every parameter that does not fit or that nobody asked for.
 */
public final class Query {
    private static final int DEFAULT_LIMIT = 50;
    private static final int MOST = 500;
    private static final int LONGEST = 2_000;
    private static final String NO_CURSOR =
            "is not a cursor; take nextCursor of the page before, as it is";

    private final Map<String, List<String>> given;
    private final FieldErrors faults = new FieldErrors();
    private final Set<String> asked = new HashSet<>();

    private Query(Map<String, List<String>> given) {
        this.given = given;
    }

    public static Query of(Context context) {
        return new Query(context.queryParamMap());
    }

    public void fault(String name, String message) {
        faults.add(name, message);
    }

    public Optional<String> text(String name) {
        asked.add(name);
        List<String> values = given.getOrDefault(name, List.of());
        if (values.isEmpty()) {
            return Optional.empty();
        }
        if (values.size() > 1) {
            fault(name, "is there " + values.size() + " times; once is enough");
            return Optional.empty();
        }
        Optional<String> fault = TextRules.faultOfLine(values.getFirst(), LONGEST);
        fault.ifPresent(message -> fault(name, message));
        return fault.isPresent() ? Optional.empty() : Optional.of(values.getFirst());
    }

    /**
     * @param reader empty for what does not fit
     * @param rule told when it does not
     */
    public <T> Optional<T> read(String name, Function<String, Optional<T>> reader, String rule) {
        Optional<String> text = text(name);
        Optional<T> value = text.flatMap(reader);
        if (text.isPresent() && value.isEmpty()) {
            fault(name, rule);
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
        return read("limit", Query::limitOf, "must be a whole number from 1 to " + MOST)
                .orElse(DEFAULT_LIMIT);
    }

    private static Optional<Integer> limitOf(String text) {
        return text.matches("[0-9]{1,3}")
                ? Optional.of(Integer.valueOf(text)).filter(n -> n >= 1 && n <= MOST)
                : Optional.empty();
    }

    /** The id after which the page begins. */
    public Optional<UUID> cursor() {
        return read("cursor", Cursor::parse, NO_CURSOR);
    }

    /** The name after which the page begins. */
    public Optional<String> nameCursor() {
        return read("cursor", Cursor::parseName, NO_CURSOR);
    }

    /** The names of all parameters that begin with a prefix, without it. */
    List<String> namesAfter(String prefix) {
        return given.keySet().stream()
                .filter(name -> name.startsWith(prefix) && name.length() > prefix.length())
                .map(name -> name.substring(prefix.length()))
                .toList();
    }

    /** The values of a parameter that may be given several times. */
    List<String> texts(String name) {
        asked.add(name);
        List<String> values = given.getOrDefault(name, List.of());
        for (String value : values) {
            Optional<String> fault = TextRules.faultOfLine(value, LONGEST);
            if (fault.isPresent()) {
                fault(name, fault.get());
                return List.of();
            }
        }
        return values;
    }

    /**
     * @throws ProblemException 400 when anything does not fit
     */
    public void done() {
        for (String name : given.keySet()) {
            if (!asked.contains(name)) {
                String hint =
                        TextRules.nearest(name, asked)
                                .map(known -> "; did you mean \"" + known + "\"?")
                                .orElse("");
                fault(TextRules.shown(name), "is not a known query parameter" + hint);
            }
        }
        faults.throwIfAny();
    }
}
