package dev.mailbell.api.request;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.event.Timestamps;
import java.time.Instant;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.node.ObjectNode;

/**
 * Parses requests strictly and within bounds; writes answers in the order of their records'
 * components.
 */
public final class Json {
    private static final int DEPTH = 16;

    /** More than a batch has; a mebibyte of empty objects would become thirty in memory. */
    private static final int TOKENS = 200_000;

    public static final JsonMapper MAPPER =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(DEPTH)
                                                    .maxTokenCount(TOKENS)
                                                    .maxStringLength(Body.MAX_BYTES)
                                                    .maxNumberLength(100)
                                                    .maxNameLength(1_000)
                                                    .build())
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
                    .addModule(new SimpleModule().addSerializer(Instant.class, new Milliseconds()))
                    .build();

    /** All times in answers have the same precision. */
    private static final class Milliseconds extends ValueSerializer<Instant> {
        @Override
        public void serialize(Instant value, JsonGenerator out, SerializationContext context) {
            out.writeString(Timestamps.text(value));
        }
    }

    private Json() {}

    public static byte[] bytes(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    /**
     * @throws ProblemException 400 with line and column when the body is not one JSON object
     */
    public static ObjectNode object(byte[] body) {
        JsonNode node;
        try {
            node = MAPPER.readTree(body);
        } catch (JacksonException e) {
            // The parser's message is not passed on: it may quote a password from the body.
            TokenStreamLocation at = e.getLocation();
            String where =
                    at == null || at.getLineNr() < 1
                            ? ""
                            : ", at line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw new ProblemException(
                    Problem.malformed(
                            "the body is not valid JSON (RFC 8259, UTF-8, each name once, at most "
                                    + DEPTH
                                    + " levels and "
                                    + TOKENS
                                    + " values and names)"
                                    + where));
        }
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new ProblemException(
                Problem.malformed("the body must be a JSON object, such as {\"name\": \"value\"}"));
    }
}
