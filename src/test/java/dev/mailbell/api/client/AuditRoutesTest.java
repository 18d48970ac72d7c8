package dev.mailbell.api.client;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static dev.mailbell.api.TestApi.imap;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.api.request.Json;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class AuditRoutesTest {
    private final TestApi api = new TestApi();
    private final HttpCaller operator = api.client();
    private final String clientId = api.newClient();
    private final JsonNode key = api.newKey(clientId, "read", "write", "audit:read");
    private final HttpCaller client = api.withKey(key.required("key").stringValue());

    @AfterEach
    void close() {
        api.close();
    }

    /** {@code action status resource} of each entry, newest first. */
    private static List<String> lines(HttpResponse<String> answer) {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        List<String> lines = new ArrayList<>();
        json(answer)
                .required("items")
                .forEach(entry ->
                        lines.add(
                                entry.required("action").stringValue()
                                        + " "
                                        + entry.required("status").intValue()
                                        + " "
                                        + entry.required("resource").stringValue()));
        return lines;
    }

    @Test
    void every_change_is_recorded_with_its_key_resource_address_and_result() {
        String account = idOf(client.post("/v1/accounts", imap("one")));
        client.get("/v1/accounts/" + account);
        client.post("/v1/accounts/" + account + "/pause");
        client.patch("/v1/accounts/" + account, "{\"nonsense\": 1}");
        client.delete("/v1/accounts/" + account);
        client.delete("/v1/accounts/" + account);
        HttpResponse<String> answer = client.get("/v1/audit?keyId=" + idText(key));
        String path = "/v1/accounts/" + account;
        assertThat(lines(answer))
                .containsExactly(
                        "DELETE /v1/accounts/{id} 404 " + path,
                        "DELETE /v1/accounts/{id} 204 " + path,
                        "PATCH /v1/accounts/{id} 400 " + path,
                        "POST /v1/accounts/{id}/pause 200 " + path + "/pause",
                        "POST /v1/accounts 201 " + path);
        JsonNode entry = json(answer).at("/items/0");
        assertThat(entry.required("clientId").stringValue()).isEqualTo(clientId);
        assertThat(entry.required("keyName").stringValue()).isEqualTo("a key");
        assertThat(entry.required("remoteAddress").stringValue()).isEqualTo("127.0.0.1");
        assertThat(Instant.parse(entry.required("at").stringValue()))
                .isBetween(Instant.now().minusSeconds(300), Instant.now().plusSeconds(5));
        assertThat(answer.body()).doesNotContain("s3cret", "password");
    }

    private static String idText(JsonNode node) {
        return node.required("id").stringValue();
    }

    @Test
    void a_client_reads_its_own_entries_and_the_operator_all() {
        client.post("/v1/accounts", imap("one"));
        operator.post("/v1/config/reload");
        HttpResponse<String> own = client.get("/v1/audit");
        assertThat(lines(own))
                .hasSize(3)
                .contains(
                        "POST /v1/clients 201 /v1/clients/" + clientId,
                        "POST /v1/clients/{id}/keys 201 /v1/clients/"
                                + clientId
                                + "/keys/"
                                + idText(key));
        assertThat(own.body()).doesNotContain(key.required("key").stringValue());
        assertThat(lines(operator.get("/v1/audit")))
                .hasSize(4)
                .contains("POST /v1/config/reload 200 /v1/config/reload");
        assertThat(lines(operator.with("Mailbell-Client", clientId).get("/v1/audit"))).hasSize(3);
        HttpCaller other = api.callerOf(api.newClient(), "audit:read");
        assertThat(other.get("/v1/audit").body()).doesNotContain(clientId);
        assertThat(other.get("/v1/audit/export").body()).doesNotContain(clientId);
        assertThat(api.callerOf(clientId, "read").get("/v1/audit").statusCode()).isEqualTo(403);
    }

    @Test
    void what_a_client_was_refused_at_the_operators_routes_is_recorded() {
        assertThat(client.get("/v1/clients").statusCode()).isEqualTo(403);
        assertThat(client.get("/v1/clients/" + clientId + "/keys").statusCode()).isEqualTo(403);
        assertThat(client.post("/v1/config/reload").statusCode()).isEqualTo(403);
        assertThat(lines(operator.get("/v1/audit?result=refused&keyId=" + idText(key))))
                .containsExactly(
                        "POST /v1/config/reload 403 /v1/config/reload",
                        "GET /v1/clients/{id}/keys 403 /v1/clients/" + clientId + "/keys",
                        "GET /v1/clients 403 /v1/clients");
    }

    @Test
    void entries_are_filtered_and_paged() {
        List<String> accounts = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            accounts.add(idOf(client.post("/v1/accounts", imap("n" + i))));
        }
        Instant middle = Instant.now();
        client.post("/v1/accounts", "{}");
        assertThat(lines(client.get("/v1/audit?resource=/v1/accounts/" + accounts.get(2))))
                .hasSize(1);
        assertThat(lines(client.get("/v1/audit?action=POST%20/v1/accounts&result=done")))
                .hasSize(5);
        assertThat(lines(client.get("/v1/audit?action=POST%20/v1/accounts&result=refused")))
                .hasSize(1);
        assertThat(lines(client.get("/v1/audit?until=2020-01-01T00:00:00Z"))).isEmpty();
        assertThat(lines(client.get("/v1/audit?since=" + middle.minusSeconds(3600)))).hasSize(8);
        JsonNode page = json(client.get("/v1/audit?limit=5&keyId=" + idText(key)));
        JsonNode rest =
                json(
                        client.get(
                                "/v1/audit?limit=5&keyId="
                                        + idText(key)
                                        + "&cursor="
                                        + page.required("nextCursor").stringValue()));
        assertThat(page.required("items").size()).isEqualTo(5);
        assertThat(rest.required("items").size()).isEqualTo(1);
        assertThat(rest.required("nextCursor").isNull()).isTrue();
        assertThat(faults(client.get("/v1/audit?result=good&since=yesterday&key=1")))
                .containsOnlyKeys("result", "since", "key");
    }

    @Test
    void an_export_has_a_line_for_each_entry_oldest_first() {
        api.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into audit (id, at, client_id, key_id, key_name, action, resource, remote_address, status)
                                select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, now(), ?::uuid, 'k', 'k', 'many',
                                    n::text, '::1', 200 from generate_series(1, 1200) n\
                                """,
                                clientId));
        HttpResponse<String> export = client.get("/v1/audit/export?action=many");
        assertThat(export.headers().firstValue("Content-Type")).contains("application/x-ndjson");
        List<String> lines = export.body().lines().toList();
        assertThat(lines).hasSize(1200);
        for (int i = 0; i < lines.size(); i++) {
            assertThat(Json.MAPPER.readTree(lines.get(i)).required("resource").stringValue())
                    .isEqualTo(Integer.toString(i + 1));
        }
    }

    @Test
    void a_change_is_answered_and_counted_when_the_audit_log_cannot_be_written() {
        api.database.jdbi().useHandle(handle -> handle.execute("drop table audit cascade"));
        assertThat(client.post("/v1/accounts", imap("one")).statusCode()).isEqualTo(201);
        assertThat(api.meters.get("audit.unwritten").counter().count()).isEqualTo(1);
    }

    @Test
    void requests_without_a_key_and_unknown_paths_leave_no_entry() {
        api.withKey("mbk_nonsense").post("/v1/accounts", imap("x"));
        client.exchange("POST", "/v1/nothing/" + UUID.randomUUID(), "");
        assertThat(lines(operator.get("/v1/audit"))).hasSize(2);
    }
}
