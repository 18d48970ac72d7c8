package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request.Method;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.ValidationReport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Validates requests and answers against {@code openapi.yaml}. */
public final class Contract {
    private static final String TEXT = text();
    private static final OpenApiInteractionValidator VALIDATOR =
            OpenApiInteractionValidator.createForInlineApiSpecification(strict()).build();

    private Contract() {}

    /**
     * The contract with every schema closed. The published one leaves those of answers and events
     * open, because programs must ignore what a later version adds; what this version writes must
     * all be documented.
     */
    static String strict() {
        ObjectNode contract = (ObjectNode) YAMLMapper.shared().readTree(TEXT);
        for (JsonNode schema : contract.at("/components/schemas")) {
            if (schema.has("properties") && !schema.has("additionalProperties")) {
                ((ObjectNode) schema).put("additionalProperties", false);
            }
        }
        return contract.toString();
    }

    public static String text() {
        try (InputStream in = Contract.class.getResourceAsStream("/openapi.yaml")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The answer is one that the contract has for this path and method. */
    public static void requireAnswer(HttpResponse<String> response) {
        SimpleResponse.Builder answer =
                SimpleResponse.Builder.status(response.statusCode()).withBody(response.body());
        response.headers().map().forEach((name, values) -> answer.withHeader(name, values));
        HttpRequest request = response.request();
        require(
                VALIDATOR.validateResponse(
                        response.uri().getRawPath(),
                        Method.valueOf(request.method()),
                        answer.build()),
                response);
    }

    /**
     * What the contract does not have of an answer; empty for a documented one.
     *
     * @param path any path of the operation
     */
    public static List<String> faults(
            String method,
            String path,
            int status,
            String body,
            Map<String, List<String>> headers) {
        SimpleResponse.Builder answer = SimpleResponse.Builder.status(status).withBody(body);
        headers.forEach(answer::withHeader);
        return VALIDATOR
                .validateResponse(path, Method.valueOf(method), answer.build())
                .getMessages()
                .stream()
                .filter(message -> message.getLevel() == ValidationReport.Level.ERROR)
                .map(message -> message.getMessage())
                .toList();
    }

    /** The request is one that the contract allows: what we say yes to must be documented. */
    static void requireRequest(HttpResponse<String> response, String body) {
        HttpRequest request = response.request();
        URI uri = request.uri();
        SimpleRequest.Builder builder =
                new SimpleRequest.Builder(request.method(), uri.getRawPath());
        if (!body.isEmpty()) {
            builder.withBody(body);
        }
        request.headers().map().forEach((name, values) -> builder.withHeader(name, values));
        if (uri.getRawQuery() != null) {
            for (String pair : uri.getRawQuery().split("&")) {
                String[] parts = pair.split("=", 2);
                builder.withQueryParam(
                        URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
                        URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
            }
        }
        require(VALIDATOR.validateRequest(builder.build()), response);
    }

    /**
     * What the contract does not allow of a request with a body; empty for a documented one.
     *
     * @param path any path of the operation
     */
    public static List<String> requestFaults(String method, String path, String body) {
        SimpleRequest request =
                new SimpleRequest.Builder(method, path)
                        .withContentType("application/json")
                        .withHeader("Authorization", "Bearer mbk_key")
                        .withBody(body)
                        .build();
        return VALIDATOR.validateRequest(request).getMessages().stream()
                .filter(message -> message.getLevel() == ValidationReport.Level.ERROR)
                .map(message -> message.getMessage())
                .toList();
    }

    private static void require(ValidationReport report, HttpResponse<String> response) {
        assertThat(report.getMessages())
                .as(
                        "%s %s answered %s %s",
                        response.request().method(),
                        response.uri(),
                        response.statusCode(),
                        response.body())
                .noneMatch(message -> message.getLevel() == ValidationReport.Level.ERROR);
    }
}
