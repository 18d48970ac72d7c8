package dev.mailbell.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.TestDatabase;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** Two requests at once want the last account or webhook that their client may have. */
class LastOneTest {
    private static final TestApi API = new TestApi();

    private final String clientId = API.newClient();
    private final HttpCaller client = API.client().with("Mailbell-Client", clientId);

    @AfterAll
    static void close() {
        API.close();
    }

    /** The statuses of two requests, both of which have come as far as the client's row. */
    private List<Integer> twice(Supplier<HttpResponse<String>> request) {
        API.client()
                .patch(
                        "/v1/clients/" + clientId,
                        "{\"limits\": {\"accounts\": 1, \"webhooks\": 1}}");
        List<CompletableFuture<HttpResponse<String>>> begun =
                API.database
                        .jdbi()
                        .inTransaction(handle -> {
                            handle.execute(
                                    "select from client where id = ? for update",
                                    UUID.fromString(clientId));
                            List<CompletableFuture<HttpResponse<String>>> both =
                                    Stream.generate(() -> CompletableFuture.supplyAsync(request))
                                            .limit(2)
                                            .toList();
                            await().until(() ->
                                    TestDatabase.waitingForLocks(API.database.jdbi()) == 2);
                            return both;
                        });
        return begun.stream().map(answer -> answer.join().statusCode()).sorted().toList();
    }

    @Test
    void one_of_two_requests_gets_the_last_account() {
        assertThat(twice(() -> client.post("/v1/accounts", TestApi.imap(UUID.randomUUID() + ""))))
                .containsExactly(201, 422);
    }

    @Test
    void one_of_two_batches_gets_the_last_account() {
        assertThat(
                        twice(() ->
                                client.post(
                                        "/v1/accounts/batch",
                                        "{\"accounts\": [%s]}"
                                                .formatted(TestApi.imap(UUID.randomUUID() + "")))))
                .containsExactly(200, 200);
        assertThat(HttpCaller.json(client.get("/v1/accounts")).required("items")).hasSize(1);
    }

    @Test
    void one_of_two_requests_gets_the_last_webhook() {
        assertThat(
                        twice(() ->
                                client.post(
                                        "/v1/webhooks",
                                        "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}")))
                .containsExactly(201, 422);
    }
}
