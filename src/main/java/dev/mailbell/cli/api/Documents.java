package dev.mailbell.cli.api;

import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** JSON documents of the API. */
public final class Documents {
    /** Numbers keep all of their digits. */
    public static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).build();

    private Documents() {}

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    /** A member as text; empty when it is absent or null. */
    public static String text(JsonNode document, String... path) {
        JsonNode node = document;
        for (String member : path) {
            node = node.path(member);
        }
        return node.isMissingNode() || node.isNull() ? "" : node.asString();
    }

    /** An instant to the second, as tables show it. */
    public static String instant(JsonNode document, String member) {
        String text = text(document, member);
        int fraction = text.indexOf('.');
        return fraction > 0 && text.endsWith("Z") ? text.substring(0, fraction) + "Z" : text;
    }
}
