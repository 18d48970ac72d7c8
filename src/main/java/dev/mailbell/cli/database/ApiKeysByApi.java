package dev.mailbell.cli.database;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.Clients;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.terminal.Column;
import dev.mailbell.cli.terminal.Table;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The API keys of a client, by the API of a running daemon. */
final class ApiKeysByApi {
    private ApiKeysByApi() {}

    static void list(ApiOptions options, String client) {
        Output output = options.output();
        Table table =
                output.table(
                        Column.whole("ID"),
                        Column.whole("BEGINNING"),
                        Column.text("NAME", 8),
                        Column.text("SCOPES", 10).droppedAs(2),
                        Column.whole("EXPIRES").droppedAs(3),
                        Column.whole("LAST USED").droppedAs(1));
        try (Api api = options.open()) {
            output.list(
                    api,
                    path(api, client),
                    new Parameters(),
                    0,
                    table,
                    key ->
                            new Table.Cell[] {
                                Table.Cell.of(Documents.text(key, "id")),
                                Table.Cell.of(Documents.text(key, "prefix") + "…"),
                                Table.Cell.of(Documents.text(key, "name")),
                                Table.Cell.of(joined(key.path("scopes"))),
                                Table.Cell.of(Documents.instant(key, "expiresAt")),
                                Table.Cell.of(Documents.instant(key, "lastUsedAt"))
                            });
        }
    }

    private static String joined(JsonNode scopes) {
        return StreamSupport.stream(scopes.spliterator(), false)
                .map(JsonNode::asString)
                .collect(Collectors.joining(","));
    }

    private static String path(Api api, String client, String... more) {
        return Parameters.path(
                Parameters.path("/v1/clients", new Clients(api).idOf(client), "keys"), more);
    }

    static void add(
            ApiOptions options,
            String client,
            String name,
            List<String> scopes,
            @Nullable Instant end) {
        ObjectNode key = Documents.object();
        key.put("name", name);
        ArrayNode granted = key.putArray("scopes");
        scopes.forEach(granted::add);
        if (end != null) {
            key.put("expiresAt", end.toString());
        }
        Output output = options.output();
        try (Api api = options.open()) {
            output.document(
                    api.post(path(api, client), key),
                    added -> output.say(Documents.text(added, "key")));
        }
    }

    static void rotate(ApiOptions options, String client, String key) {
        Output output = options.output();
        try (Api api = options.open()) {
            output.document(
                    api.post(path(api, client, key, "rotate"), null),
                    rotated -> output.say(Documents.text(rotated, "key")));
        }
    }

    static void revoke(ApiOptions options, String client, String key) {
        try (Api api = options.open()) {
            api.delete(path(api, client, key));
            options.output().say("The key is revoked.");
        }
    }
}
