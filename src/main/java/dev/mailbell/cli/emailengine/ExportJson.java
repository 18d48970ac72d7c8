package dev.mailbell.cli.emailengine;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads and writes JSON, and reads members of it that may be missing or of another type. */
final class ExportJson {
    private static final int DEPTH = 64;
    private static final int MAX_TEXT = 4 * 1024 * 1024;

    /** A file has one account after the other, so a value ends where the next one begins. */
    static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(DEPTH)
                                                    .maxStringLength(MAX_TEXT)
                                                    .build())
                                    .build())
                    .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    private ExportJson() {}

    /** The text of a member; empty where it is missing, null, false, or of another type. */
    static String text(JsonNode object, String member) {
        JsonNode value = object.path(member);
        return value.isString() ? value.stringValue().strip() : "";
    }

    static boolean isTrue(JsonNode object, String member) {
        JsonNode value = object.path(member);
        return value.isBoolean() && value.booleanValue();
    }

    static boolean isFalse(JsonNode object, String member) {
        JsonNode value = object.path(member);
        return value.isBoolean() && !value.booleanValue();
    }
}
