package dev.mailbell.api;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.client.ErasedClients;
import dev.mailbell.database.TestDatabase;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** A request that has read a row writes after another one that has changed it. */
class ConcurrentPatchesTest {
    private static final TestApi API = new TestApi();
    private static final String HOOK =
            """
            {"url": "https://example.org/hook", "events": ["mail.new"], "headers": {"X-A": "1"}}\
            """;

    private final HttpCaller operator = API.client();
    private final String clientId = API.newClient();
    private final HttpCaller client = operator.with("Mailbell-Client", clientId);

    @AfterAll
    static void close() {
        API.close();
    }

    /** The answer to a request that reads a row before a change of it is committed. */
    private static HttpResponse<String> during(
            String change, UUID id, Supplier<HttpResponse<String>> request) throws Exception {
        return API.database
                .jdbi()
                .inTransaction(handle -> {
                    handle.execute(change, id);
                    CompletableFuture<HttpResponse<String>> begun =
                            CompletableFuture.supplyAsync(request);
                    await().until(() ->
                            begun.isDone()
                                    || TestDatabase.waitingForLocks(API.database.jdbi()) > 0);
                    return begun;
                })
                .get(180, TimeUnit.SECONDS);
    }

    @Test
    void two_patches_of_a_webhook_at_once_keep_both_changes() throws Exception {
        String id = TestApi.idOf(client.post("/v1/webhooks", HOOK));
        HttpResponse<String> patched =
                during(
                        """
                        update webhook set events = '{account.parked}', description = 'the other one',
                            updated_at = updated_at + interval '1 ms' where id = ?\
                        """,
                        UUID.fromString(id),
                        () ->
                                client.patch(
                                        "/v1/webhooks/" + id,
                                        """
                                        {"url": "https://example.org/other", "state": "enabled", "headers": {"X-B": "2"}}\
                                        """));
        assertThat(patched.statusCode()).isEqualTo(200);
        JsonNode read = json(client.get("/v1/webhooks/" + id));
        assertThat(read.required("events")).hasToString("[\"account.parked\"]");
        assertThat(read.required("description").stringValue()).isEqualTo("the other one");
        assertThat(read.required("url").stringValue()).isEqualTo("https://example.org/other");
        assertThat(read.required("headerNames")).hasToString("[\"X-A\",\"X-B\"]");
    }

    @Test
    void two_patches_of_a_client_at_once_keep_both_changes() throws Exception {
        HttpResponse<String> patched =
                during(
                        """
                        update client set max_accounts = 7, updated_at = updated_at + interval '1 ms' where id = ?\
                        """,
                        UUID.fromString(clientId),
                        () ->
                                operator.patch(
                                        "/v1/clients/" + clientId,
                                        "{\"limits\": {\"webhooks\": 3}}"));
        assertThat(patched.statusCode()).isEqualTo(200);
        assertThat(json(operator.get("/v1/clients/" + clientId)).required("limits"))
                .hasToString("{\"accounts\":7,\"webhooks\":3,\"requestsPerSecond\":null}");
    }

    @Test
    void a_patch_does_not_enable_a_webhook_of_a_client_that_is_erased_at_the_same_time()
            throws Exception {
        UUID id = UUID.fromString(TestApi.idOf(client.post("/v1/webhooks", HOOK)));
        CompletableFuture<HttpResponse<String>> patch =
                API.database
                        .jdbi()
                        .inTransaction(handle -> {
                            new ErasedClients(API.database.jdbi())
                                    .begin(UUID.fromString(clientId), Instant.now());
                            CompletableFuture<HttpResponse<String>> begun =
                                    CompletableFuture.supplyAsync(() ->
                                            client.patch(
                                                    "/v1/webhooks/" + id,
                                                    "{\"state\": \"enabled\", \"events\": [\"*\"]}"));
                            await().until(() ->
                                    begun.isDone()
                                            || TestDatabase.waitingForLocks(API.database.jdbi())
                                                    > 0);
                            return begun;
                        });
        assertThat(patch.get(180, TimeUnit.SECONDS).statusCode()).isEqualTo(409);
        String state =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select state from webhook where id = ?")
                                        .bind(0, id)
                                        .mapTo(String.class)
                                        .one());
        assertThat(state).isEqualTo("disabled");
    }
}
