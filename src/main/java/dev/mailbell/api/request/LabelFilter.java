package dev.mailbell.api.request;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The labels that a list is filtered by: {@code label.NAME=VALUE}, or {@code label=NAME:VALUE},
 * which generated clients can write. A name has no colon, so that the first one ends it.
 */
public final class LabelFilter {
    private static final String NAMED = "label.";
    private static final String PAIR = "label";

    private final Query query;
    private final Map<String, String> labels = new LinkedHashMap<>();

    private LabelFilter(Query query) {
        this.query = query;
    }

    public static Map<String, String> read(Query query) {
        LabelFilter filter = new LabelFilter(query);
        for (String name : query.namesAfter(NAMED)) {
            query.text(NAMED + name).ifPresent(value -> filter.add(NAMED + name, name, value));
        }
        List<String> pairs = query.texts(PAIR);
        for (String pair : pairs) {
            int colon = pair.indexOf(':');
            if (colon < 0) {
                query.fault(PAIR, "must be a label's name, a colon and its value, as plan:pro");
            } else {
                filter.add(PAIR, pair.substring(0, colon), pair.substring(colon + 1));
            }
        }
        if (filter.labels.size() > Labels.MOST) {
            query.fault(PAIR, "an account has at most " + Labels.MOST + " labels");
        }
        return filter.labels;
    }

    private void add(String parameter, String name, String value) {
        if (!Labels.isName(name)) {
            query.fault(TextRules.shown(parameter), Labels.NAME_RULE);
        } else if (labels.containsKey(name) && !labels.get(name).equals(value)) {
            query.fault(TextRules.shown(parameter), "asks for two values of one label");
        } else {
            labels.put(name, value);
        }
    }
}
