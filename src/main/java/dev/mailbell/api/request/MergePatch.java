package dev.mailbell.api.request;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON merge patch (RFC 7396). */
public final class MergePatch {
    private MergePatch() {}

    /** Applies {@code patch} to {@code target} in place (RFC 7396, section 2). */
    public static void apply(ObjectNode target, ObjectNode patch) {
        patch.properties()
                .forEach(entry -> {
                    String name = entry.getKey();
                    JsonNode value = entry.getValue();
                    if (value.isNull()) {
                        target.remove(name);
                    } else if (value instanceof ObjectNode inner) {
                        if (!(target.get(name) instanceof ObjectNode)) {
                            target.putObject(name);
                        }
                        apply((ObjectNode) target.get(name), inner);
                    } else {
                        target.set(name, value);
                    }
                });
    }
}
