package dev.mailbell.api.client;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ClientRoutesTest {
    private static final String HOOK = "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}";

    private final TestApi api = new TestApi();
    private final HttpCaller operator = api.client();

    @AfterEach
    void close() {
        api.close();
    }

    @Test
    void a_client_is_created_read_and_changed() {
        HttpResponse<String> created =
                operator.post(
                        "/v1/clients", "{\"name\": \"billing\", \"limits\": {\"accounts\": 2}}");
        assertThat(created.statusCode()).isEqualTo(201);
        String path = "/v1/clients/" + idOf(created);
        assertThat(created.headers().firstValue("Location")).contains(path);
        JsonNode read = json(operator.get(path));
        assertThat(read).isEqualTo(json(created));
        assertThat(read.at("/state").stringValue()).isEqualTo("active");
        assertThat(read.at("/limits").toString())
                .isEqualTo("{\"accounts\":2,\"webhooks\":null,\"requestsPerSecond\":null}");
        JsonNode changed =
                json(
                        operator.patch(
                                path,
                                "{\"name\": \"invoices\", \"limits\": {\"accounts\": null, \"webhooks\": 3}}"));
        assertThat(changed).isEqualTo(json(operator.get(path)));
        assertThat(changed.at("/name").stringValue()).isEqualTo("invoices");
        assertThat(changed.at("/limits/accounts").isNull()).isTrue();
        assertThat(changed.at("/limits/webhooks").intValue()).isEqualTo(3);
    }

    @Test
    void names_are_unique() {
        operator.post("/v1/clients", "{\"name\": \"one\"}");
        String other = idOf(operator.post("/v1/clients", "{\"name\": \"other\"}"));
        HttpResponse<String> taken = operator.post("/v1/clients", "{\"name\": \"one\"}");
        assertThat(taken.statusCode()).isEqualTo(409);
        assertThat(taken.body()).contains("urn:mailbell:problem:name-taken");
        assertThat(operator.patch("/v1/clients/" + other, "{\"name\": \"one\"}").statusCode())
                .isEqualTo(409);
    }

    @Test
    void a_repeated_creation_answers_the_same_client() {
        HttpCaller once = operator.with("Idempotency-Key", "k1");
        HttpResponse<String> first = once.post("/v1/clients", "{\"name\": \"once\"}");
        HttpResponse<String> again = once.post("/v1/clients", "{\"name\": \"once\"}");
        assertThat(again.statusCode()).isEqualTo(201);
        assertThat(again.body()).isEqualTo(first.body());
    }

    @Test
    void invalid_clients_are_refused_with_all_errors() {
        assertThat(
                        faults(
                                operator.post(
                                        "/v1/clients",
                                        "{\"name\": \"a\\nb\", \"limits\": {\"accounts\": 0, \"x\": 1}, \"id\": 4}")))
                .containsOnlyKeys("name", "limits.accounts", "limits.x", "id");
        assertThat(operator.get("/v1/clients/nonsense").statusCode()).isEqualTo(404);
        assertThat(operator.get("/v1/clients/" + UUID.randomUUID()).statusCode()).isEqualTo(404);
    }

    @Test
    void clients_are_listed_page_by_page() {
        List<String> ids = new ArrayList<>();
        operator.get("/v1/clients");
        for (int i = 0; i < 3; i++) {
            ids.add(api.newClient());
        }
        JsonNode first = json(operator.get("/v1/clients?limit=2"));
        assertThat(first.at("/items/0/name").stringValue()).isEqualTo("default");
        JsonNode second =
                json(
                        operator.get(
                                "/v1/clients?limit=2&cursor="
                                        + first.required("nextCursor").stringValue()));
        assertThat(
                        List.of(
                                first.at("/items/1/id").stringValue(),
                                second.at("/items/0/id").stringValue(),
                                second.at("/items/1/id").stringValue()))
                .isEqualTo(ids);
        assertThat(second.required("nextCursor").isNull()).isTrue();
    }

    @Test
    void a_client_has_at_most_the_accounts_and_webhooks_of_its_own_limits() {
        String id = api.newClient();
        operator.patch("/v1/clients/" + id, "{\"limits\": {\"accounts\": 1, \"webhooks\": 1}}");
        HttpCaller client = api.callerOf(id, "write");
        assertThat(client.post("/v1/accounts", imap("one")).statusCode()).isEqualTo(201);
        HttpResponse<String> second = client.post("/v1/accounts", imap("two"));
        assertThat(second.statusCode()).isEqualTo(422);
        assertThat(second.body()).contains("too-many-accounts", "may have 1 accounts");
        assertThat(client.post("/v1/webhooks", HOOK).statusCode()).isEqualTo(201);
        HttpResponse<String> hook = client.post("/v1/webhooks", HOOK);
        assertThat(hook.statusCode()).isEqualTo(422);
        assertThat(hook.body()).contains("too-many-webhooks", "may have 1 webhooks");
    }

    @Test
    void the_configured_number_of_webhooks_holds_for_clients_without_a_limit_of_their_own() {
        api.rules.webhooksPerClient = 2;
        HttpCaller one = api.callerOf(api.newClient(), "write");
        assertThat(one.post("/v1/webhooks", HOOK).statusCode()).isEqualTo(201);
        assertThat(one.post("/v1/webhooks", HOOK).statusCode()).isEqualTo(201);
        assertThat(one.post("/v1/webhooks", HOOK).statusCode()).isEqualTo(422);
        assertThat(api.otherClient().post("/v1/webhooks", HOOK).statusCode()).isEqualTo(201);
    }

    @Test
    void a_client_that_is_being_erased_is_not_changed_and_its_keys_are_refused() {
        String id = api.newClient();
        HttpCaller client = api.callerOf(id, "read");
        assertThat(client.get("/v1/accounts").statusCode()).isEqualTo(200);
        // Its row stays: otherwise it may be gone before the last of these requests.
        api.erases = false;
        api.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update client set erasing_since = now() where id = ?::uuid", id));
        assertThat(json(operator.get("/v1/clients/" + id)).required("state").stringValue())
                .isEqualTo("erasing");
        assertThat(operator.patch("/v1/clients/" + id, "{\"name\": \"again\"}").statusCode())
                .isEqualTo(409);
        assertThat(
                        operator.post(
                                        "/v1/clients/" + id + "/keys",
                                        "{\"name\": \"k\", \"scopes\": [\"read\"]}")
                                .statusCode())
                .isEqualTo(409);
        assertThat(operator.with("Mailbell-Client", id).get("/v1/accounts").statusCode())
                .isEqualTo(404);
        KeyRoutesTest.awaitRefused(client);
    }
}
