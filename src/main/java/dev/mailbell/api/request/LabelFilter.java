package dev.mailbell.api.request;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the labels that a list is filtered by, from {@code label.NAME=VALUE} or {@code
 * label=NAME:VALUE}. Generated clients can only write the second form. Names of labels have no
 * colon, so the first colon ends the name.
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
        for (String name : query.namesWithPrefix(NAMED)) {
            query.text(NAMED + name).ifPresent(value -> filter.add(NAMED + name, name, value));
        }
        List<String> pairs = query.texts(PAIR);
        for (String pair : pairs) {
            int colon = pair.indexOf(':');
            if (colon < 0) {
                query.error(PAIR, "must be a label's name, a colon and its value, as plan:pro");
            } else {
                filter.add(PAIR, pair.substring(0, colon), pair.substring(colon + 1));
            }
        }
        if (filter.labels.size() > Labels.MAX_COUNT) {
            query.error(PAIR, "an account has at most " + Labels.MAX_COUNT + " labels");
        }
        return filter.labels;
    }

    private void add(String parameter, String name, String value) {
        if (!Labels.isName(name)) {
            query.error(TextRules.shown(parameter), Labels.NAME_RULE);
        } else if (labels.containsKey(name) && !labels.get(name).equals(value)) {
            query.error(TextRules.shown(parameter), "asks for two values of one label");
        } else {
            labels.put(name, value);
        }
    }
}
