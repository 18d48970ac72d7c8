package dev.mailbell.api.client;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.database.TestDatabase;
import java.net.http.HttpResponse;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Lines of an import whose id is in use, perhaps since a moment ago. */
class TransferIdsTest {
    private static final TestApi API = new TestApi();

    private final String target = API.newClient();
    private final HttpCaller client = API.client().with("Mailbell-Client", target);
    private final HttpCaller operator = API.client().with("Content-Type", "application/x-ndjson");
    private final UUID id = UUID.randomUUID();

    @AfterAll
    static void close() {
        API.close();
    }

    private String account() {
        return "{\"type\": \"account\", \"id\": \"%s\", \"account\": %s}\n"
                .formatted(
                        id, TestApi.imap("r").replace("\"ref\": \"r\", ", "").replace('\n', ' '));
    }

    private String webhook() {
        return "{\"type\": \"webhook\", \"id\": \"%s\", \"webhook\": {\"url\": \"https://example.org/\", \"events\": [\"*\"]}}\n"
                .formatted(id);
    }

    private HttpResponse<String> importAll(int accounts, int webhooks, String... lines) {
        return operator.send(
                "POST",
                "/v1/clients/" + target + "/import",
                "{\"type\": \"export\", \"version\": 1}\n"
                        + String.join("", lines)
                        + "{\"type\": \"end\", \"accounts\": %d, \"webhooks\": %d}\n"
                                .formatted(accounts, webhooks));
    }

    private static void assertCounts(
            HttpResponse<String> response, String accounts, String webhooks) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode result = json(response);
        assertThat(result.required("accounts").toString()).isEqualTo(accounts);
        assertThat(result.required("webhooks").toString()).isEqualTo(webhooks);
    }

    @Test
    void an_account_and_a_webhook_cannot_have_one_id() {
        String none = "{\"imported\":0,\"present\":0,\"refused\":0}";
        String one = "{\"imported\":1,\"present\":0,\"refused\":0}";
        String refused = "{\"imported\":0,\"present\":0,\"refused\":1}";
        assertCounts(importAll(1, 1, account(), webhook()), one, refused);
        assertThat(json(client.get("/v1/webhooks")).required("items")).isEmpty();
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute("delete from account where client_id = ?::uuid", target));
        assertCounts(importAll(0, 1, webhook()), none, one);
        HttpResponse<String> response = importAll(1, 0, account());
        assertCounts(response, refused, none);
        assertThat(json(response).at("/problems/0/problem/errors/0/field").stringValue())
                .isEqualTo("id");
        assertThat(json(client.get("/v1/accounts")).required("items")).isEmpty();
    }

    /** Such as one of another node that reads the same file. */
    @Test
    void what_another_import_adds_at_the_same_time_is_present() {
        UUID other = UUID.fromString(TestApi.idOf(client.post("/v1/accounts", TestApi.imap("o"))));
        CompletableFuture<HttpResponse<String>> begun =
                API.database
                        .jdbi()
                        .inTransaction(handle -> {
                            handle.execute(
                                    "select from client where id = ?::uuid for update", target);
                            var response =
                                    CompletableFuture.supplyAsync(() -> importAll(1, 0, account()));
                            await().until(() ->
                                    TestDatabase.waitingForLocks(API.database.jdbi()) == 1);
                            handle.execute(
                                    "insert into imported (client_id, source, account_id) values (?::uuid, ?, ?)",
                                    target,
                                    id,
                                    other);
                            return response;
                        });
        assertCounts(
                begun.join(),
                "{\"imported\":0,\"present\":1,\"refused\":0}",
                "{\"imported\":0,\"present\":0,\"refused\":0}");
        assertThat(json(client.get("/v1/accounts")).required("items")).hasSize(1);
    }

    @Test
    void an_import_beside_a_request_does_not_exceed_the_limit_of_webhooks() {
        API.client().patch("/v1/clients/" + target, "{\"limits\": {\"webhooks\": 1}}");
        CompletableFuture<HttpResponse<String>> begun =
                API.database
                        .jdbi()
                        .inTransaction(handle -> {
                            handle.execute(
                                    "select from client where id = ?::uuid for update", target);
                            var response =
                                    CompletableFuture.supplyAsync(() -> importAll(0, 1, webhook()));
                            await().until(() ->
                                    TestDatabase.waitingForLocks(API.database.jdbi()) == 1);
                            handle.execute(
                                    """
                                    insert into webhook (id, client_id, url, events, labels, secret, header_names, state, healthy,
                                        created_at, updated_at)
                                    values (gen_random_uuid(), ?::uuid, 'https://example.org/', '{*}', '{}', '\\x00', '{}', 'enabled',
                                        true, now(), now())\
                                    """,
                                    target);
                            return response;
                        });
        assertCounts(
                begun.join(),
                "{\"imported\":0,\"present\":0,\"refused\":0}",
                "{\"imported\":0,\"present\":0,\"refused\":1}");
        int webhooks =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select count(*) from webhook where client_id = ?::uuid")
                                        .bind(0, target)
                                        .mapTo(Integer.class)
                                        .one());
        assertThat(webhooks).isEqualTo(1);
    }
}
