package dev.mailbell.ui.page;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import io.javalin.http.Context;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The fields of a form that was sent. */
public final class Form {
    private static final String TYPE = "application/x-www-form-urlencoded";
    private static final int MAX_FIELDS = 200;

    private final Map<String, List<String>> fields = new LinkedHashMap<>();

    private Form() {}

    /**
     * Reads the body, once.
     *
     * @throws ProblemException 400, 413 or 415 when it is not a form
     */
    static Form read(Context context) {
        String body = new String(Body.octets(context, TYPE), StandardCharsets.UTF_8);
        Form form = new Form();
        if (body.isEmpty()) {
            return form;
        }
        String[] pairs = body.split("&", MAX_FIELDS + 1);
        if (pairs.length > MAX_FIELDS) {
            throw malformed();
        }
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            String value = equals < 0 ? "" : pair.substring(equals + 1);
            form.fields
                    .computeIfAbsent(decoded(name), any -> new ArrayList<>())
                    .add(decoded(value));
        }
        return form;
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw malformed();
        }
    }

    private static ProblemException malformed() {
        return new ProblemException(Problem.malformed("the form cannot be read"));
    }

    /** The first value of a field without space around it; empty when there is none. */
    public Optional<String> text(String name) {
        return values(name).stream()
                .map(String::strip)
                .filter(value -> !value.isEmpty())
                .findFirst();
    }

    /** All values of a field. */
    public List<String> values(String name) {
        return List.copyOf(fields.getOrDefault(name, List.of()));
    }

    /** Whether a box is ticked. */
    public boolean has(String name) {
        return fields.containsKey(name);
    }
}
