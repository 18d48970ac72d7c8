package dev.mailbell.cli.terminal;

import java.io.PrintWriter;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** All members of a document, one a line, with those of its objects indented under them. */
public final class Details {
    private static final String STEP = "  ";

    private Details() {}

    public static void print(JsonNode document, PrintWriter out) {
        print(document, "", out);
    }

    private static void print(JsonNode document, String indent, PrintWriter out) {
        for (Map.Entry<String, JsonNode> member : document.properties()) {
            String name = indent + Printable.of(member.getKey()) + ":";
            JsonNode value = member.getValue();
            if (value.isEmpty() || !value.isContainer()) {
                out.println(name + " " + scalar(value));
            } else if (value.isObject()) {
                out.println(name);
                print(value, indent + STEP, out);
            } else if (hasContainers(value)) {
                out.println(name);
                for (JsonNode item : value) {
                    out.println(indent + STEP + "-");
                    print(item, indent + STEP + STEP, out);
                }
            } else {
                out.println(
                        name
                                + " "
                                + StreamSupport.stream(value.spliterator(), false)
                                        .map(Details::scalar)
                                        .collect(Collectors.joining(", ")));
            }
        }
    }

    private static boolean hasContainers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false).anyMatch(JsonNode::isContainer);
    }

    private static String scalar(JsonNode value) {
        return value.isNull() || value.isContainer() ? "-" : Printable.of(value.asString());
    }
}
