package dev.mailbell.e2e;

import dev.mailbell.api.Contract;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The operations of {@code openapi.yaml}, for the making of requests. */
final class FuzzContract {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "patch", "delete");

    private final JsonNode document = YAMLMapper.shared().readTree(Contract.text());

    /**
     * @param template for example {@code /v1/accounts/{id}}
     * @param body the schema of the body by content type; empty when there is none
     * @param statuses the documented ones
     */
    record Operation(
            String method,
            String template,
            String id,
            List<Parameter> parameters,
            Map<String, JsonNode> body,
            Set<Integer> statuses) {
        /** A path of the operation, for its answers' validation. */
        String somePath() {
            return template.replaceAll("\\{[^}]*}", "x");
        }
    }

    /**
     * @param in {@code path}, {@code query} or {@code header}
     */
    record Parameter(String name, String in, JsonNode schema) {}

    List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                if (METHODS.contains(method.getKey())) {
                    operations.add(
                            operation(
                                    path.getKey(),
                                    method.getKey(),
                                    path.getValue(),
                                    method.getValue()));
                }
            }
        }
        return operations;
    }

    private Operation operation(String path, String method, JsonNode item, JsonNode operation) {
        List<Parameter> parameters = new ArrayList<>();
        item.path("parameters").forEach(it -> parameters.add(parameter(resolve(it))));
        operation.path("parameters").forEach(it -> parameters.add(parameter(resolve(it))));
        Map<String, JsonNode> body = new LinkedHashMap<>();
        resolve(operation.path("requestBody"))
                .path("content")
                .properties()
                .forEach(type -> body.put(type.getKey(), type.getValue().path("schema")));
        return new Operation(
                method.toUpperCase(Locale.ROOT),
                path,
                operation.required("operationId").stringValue(),
                parameters,
                body,
                Set.copyOf(
                        operation.required("responses").propertyNames().stream()
                                .map(Integer::valueOf)
                                .toList()));
    }

    private static Parameter parameter(JsonNode node) {
        return new Parameter(
                node.required("name").stringValue(),
                node.required("in").stringValue(),
                node.required("schema"));
    }

    /** The node that a reference names; another node is returned as it is. */
    JsonNode resolve(JsonNode node) {
        return Optional.ofNullable(node.get("$ref"))
                .map(ref -> resolve(document.at(ref.stringValue().substring(1))))
                .orElse(node);
    }
}
