package dev.mailbell.api.client;

import static dev.mailbell.api.HttpCaller.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.api.request.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An export taken elsewhere: what it holds, and what becomes of its lines. */
class TransferTest {
    private static final TestApi API = new TestApi();

    private final String source = API.newClient();
    private final String target = API.newClient();
    private final HttpCaller ofSource = API.client().with("Mailbell-Client", source);
    private final HttpCaller ofTarget = API.client().with("Mailbell-Client", target);
    private final HttpCaller operator = API.client().with("Content-Type", "application/x-ndjson");

    @AfterAll
    static void close() {
        API.close();
    }

    private String register(String ref, String protocol) {
        return TestApi.idOf(
                ofSource.post(
                        "/v1/accounts",
                        TestApi.imap(ref).replace("\"imap\"", '"' + protocol + '"')));
    }

    private List<ObjectNode> export() {
        HttpResponse<String> response = API.client().get("/v1/clients/" + source + "/export");
        assertThat(response.headers().firstValue("Content-Type")).contains("application/x-ndjson");
        assertThat(response.body()).doesNotContain("s3cret").doesNotContain("whsec_");
        return response.body()
                .lines()
                .map(line -> Json.MAPPER.readValue(line, ObjectNode.class))
                .toList();
    }

    private HttpResponse<String> importAll(List<ObjectNode> lines) {
        return operator.send(
                "POST",
                "/v1/clients/" + target + "/import",
                lines.stream().map(ObjectNode::toString).collect(Collectors.joining("\n")));
    }

    private static void giveSecrets(List<ObjectNode> lines) {
        for (ObjectNode line : lines) {
            if (line.path("type").stringValue().equals("account")) {
                ((ObjectNode) line.at("/account/mail")).put("password", "s3cret-word");
            }
        }
    }

    private static List<Map<String, Object>> marks(String client) {
        return API.database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select a.ref, m.name, m.total, m.top_uid, m.uid_validity, m.uid_next, m.uid_gaps, m.octets,
                                            m.first_uid, m.approximate, m.pending, m.client_max_id, m.client_uid,
                                            m.client_uid_validity, m.last_checked_at,
                                            (select string_agg(chunk || ':' || encode(entries, 'hex'), ',' order by chunk)
                                                from known_messages k where k.account_id = a.id and k.mailbox = m.name) as known
                                        from account a join mailbox m on m.account_id = a.id
                                        where a.client_id = ?::uuid order by a.ref, m.name\
                                        """)
                                .bind(0, client)
                                .mapToMap()
                                .list());
    }

    @Test
    void marks_positions_and_known_messages_come_along() {
        register("imap", "imap");
        register("pop3", "pop3");
        register("unseen", "imap");
        API.database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            update mailbox set version = 7, total = 30, top_uid = '39', uid_validity = 1713632002, uid_next = 41,
                                uid_gaps = '4:7,40', pending = 3, client_max_id = 27, client_uid = '36', client_uid_validity = 1713632002,
                                last_checked_at = now() where account_id = (select id from account where client_id = ?::uuid and ref = 'imap')\
                            """,
                            source);
                    handle.execute(
                            """
                            update mailbox set version = 7, total = 2, top_uid = E'b\\u00e4', octets = 9000, first_uid = 'a',
                                last_checked_at = now() where account_id = (select id from account where client_id = ?::uuid and ref = 'pop3')\
                            """,
                            source);
                    handle.execute(
                            """
                            insert into known_messages select id, 'INBOX', chunk, decode(repeat('0102030405060708090a0b0c', 1024), 'hex')
                            from account, generate_series(0, 2) chunk where client_id = ?::uuid and ref = 'pop3'\
                            """,
                            source);
                });
        List<ObjectNode> lines = export();
        assertThat(lines.getLast().toString())
                .isEqualTo("{\"type\":\"end\",\"accounts\":3,\"webhooks\":0}");
        giveSecrets(lines);
        JsonNode result = json(importAll(lines));
        assertThat(result.required("accounts").required("imported").intValue()).isEqualTo(3);
        assertThat(marks(target)).isEqualTo(marks(source)).hasSize(3);
        assertThat(API.watch.watched.values())
                .filteredOn(account -> account.clientId().toString().equals(target))
                .hasSize(3);

        JsonNode again = json(importAll(lines));
        assertThat(again.required("accounts").required("present").intValue()).isEqualTo(3);
        assertThat(again.required("accounts").required("imported").intValue()).isZero();
        assertThat(marks(target)).hasSize(3);
    }

    @Test
    void an_account_without_a_secret_waits_until_it_is_given() {
        register("bare", "imap");
        importAll(export());
        JsonNode account = json(ofTarget.get("/v1/accounts")).required("items").get(0);
        String path = "/v1/accounts/" + account.required("id").stringValue();
        assertThat(account.required("state").stringValue()).isEqualTo("parked");
        assertThat(account.at("/mail/auth").stringValue()).isEqualTo("none");
        assertThat(API.watch.watched)
                .doesNotContainKey(UUID.fromString(TestApi.idOf(ofTarget.get(path))));
        assertThat(ofTarget.post(path + "/resume").statusCode()).isEqualTo(409);
        assertThat(ofTarget.post(path + "/check").statusCode()).isEqualTo(409);
        JsonNode given = json(ofTarget.patch(path, "{\"mail\": {\"password\": \"s3cret-word\"}}"));
        assertThat(given.required("state").stringValue()).isEqualTo("connecting");
        assertThat(given.at("/mail/auth").stringValue()).isEqualTo("password");
        assertThat(API.watch.watched)
                .containsKey(UUID.fromString(given.required("id").stringValue()));
    }

    @Test
    void a_webhook_names_the_new_accounts_and_is_disabled_without_its_secret() {
        String account = register("hooked", "imap");
        for (String labels : List.of("{\"n\": \"1\"}", "{\"n\": \"2\"}")) {
            ofSource.post(
                    "/v1/webhooks",
                    "{\"url\": \"https://example.org/\", \"events\": [\"*\"], \"accounts\": [\"%s\"], \"labels\": %s}"
                            .formatted(account, labels));
        }
        List<ObjectNode> lines = export();
        ((ObjectNode) lines.get(2).required("webhook")).put("secret", "whsec_" + "A".repeat(32));
        JsonNode result = json(importAll(lines));
        assertThat(result.required("webhooks").required("imported").intValue()).isEqualTo(2);
        String here = TestApi.idOf(ofTarget.get("/v1/accounts/" + newId(account)));
        JsonNode webhooks = json(ofTarget.get("/v1/webhooks")).required("items");
        assertThat(webhooks.findValuesAsString("state")).containsExactly("enabled", "disabled");
        assertThat(webhooks.get(0).required("accounts").get(0).stringValue()).isEqualTo(here);
    }

    @Test
    void the_headers_of_a_webhook_are_exported_by_name_and_imported_with_their_values() {
        for (int i = 0; i < 2; i++) {
            ofSource.post(
                    "/v1/webhooks",
                    "{\"url\": \"https://example.org/\", \"events\": [\"*\"], \"headers\": {\"X-Key\": \"s3cret\"}}");
        }
        List<ObjectNode> lines = export();
        for (int i = 1; i < 3; i++) {
            ObjectNode webhook = (ObjectNode) lines.get(i).required("webhook");
            assertThat(webhook.required("headerNames")).hasToString("[\"X-Key\"]");
            webhook.put("secret", "whsec_" + "A".repeat(32));
        }
        ((ObjectNode) lines.get(1).required("webhook")).putObject("headers").put("x-key", "s3cret");
        importAll(lines);
        JsonNode webhooks = json(ofTarget.get("/v1/webhooks")).required("items");
        assertThat(webhooks.findValuesAsString("state")).containsExactly("enabled", "disabled");
        assertThat(webhooks.get(0).required("headerNames")).hasToString("[\"x-key\"]");
        assertThat(webhooks.get(1).required("headerNames")).hasToString("[]");
    }

    private String newId(String account) {
        return API.database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select account_id from imported where client_id = ?::uuid and source = ?::uuid")
                                .bind(0, target)
                                .bind(1, account)
                                .mapTo(String.class)
                                .one());
    }

    @Test
    void each_line_succeeds_or_fails_by_itself() {
        register("good", "imap");
        register("taken", "imap");
        register("blocked", "imap");
        register("damaged", "imap");
        ofTarget.post("/v1/accounts", TestApi.imap("taken"));
        List<ObjectNode> lines = export();
        ((ObjectNode) lines.get(3).at("/account/mail")).put("host", "x.internal.example");
        ((ObjectNode) lines.get(4).at("/marks/0")).put("total", 3).put("uidValidity", -1);
        HttpResponse<String> response = importAll(lines);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode result = json(response);
        assertThat(result.required("accounts").toString())
                .isEqualTo("{\"imported\":1,\"present\":0,\"refused\":3}");
        assertThat(result.required("problems").findValuesAsString("line"))
                .containsExactlyInAnyOrder("3", "4", "5");
        assertThat(
                        result.required("problems")
                                .valueStream()
                                .map(problem -> problem.at("/problem/status").intValue()))
                .containsExactlyInAnyOrder(409, 422, 400);
    }

    @Test
    void a_file_that_is_cut_off_anywhere_is_noticed_and_sent_again() {
        for (int i = 0; i < 5; i++) {
            register("cut-" + i, "imap");
        }
        List<ObjectNode> lines = export();
        for (int length = 0; length < lines.size(); length++) {
            HttpResponse<String> response = importAll(lines.subList(0, length));
            assertThat(response.statusCode()).isEqualTo(length == 0 ? 400 : 422);
        }
        String all = lines.stream().map(ObjectNode::toString).collect(Collectors.joining("\n"));
        HttpResponse<String> half =
                operator.send(
                        "POST",
                        "/v1/clients/" + target + "/import",
                        all.substring(0, all.length() - 5));
        assertThat(half.statusCode()).isEqualTo(400);
        assertThat(json(half).required("line").intValue()).isEqualTo(lines.size());
        JsonNode result = json(importAll(lines));
        assertThat(result.required("accounts").toString())
                .isEqualTo("{\"imported\":0,\"present\":5,\"refused\":0}");
        assertThat(json(ofTarget.get("/v1/accounts")).required("items")).hasSize(5);
    }

    @Test
    void bounds_types_and_clients_are_those_of_the_contract() {
        String path = "/v1/clients/" + target + "/import";
        assertThat(API.client().exchange("POST", path, "{}").statusCode()).isEqualTo(415);
        assertThat(operator.send("POST", path + "?resume=perhaps", "{}").statusCode())
                .isEqualTo(400);
        assertThat(
                        operator.send("POST", "/v1/clients/" + UUID.randomUUID() + "/import", "{}")
                                .statusCode())
                .isEqualTo(404);
        String line = "{\"type\": \"export\", \"version\": 1}\n";
        // The rest is read, so that the client can read the answer.
        String rest = "\n" + "y".repeat(9 << 20);
        String tooLong = "x".repeat((20 << 20) + 1);
        assertThat(operator.exchange("POST", path, line + tooLong + rest).statusCode())
                .isEqualTo(413);
        assertThat(operator.exchange("POST", path, line + "{}" + rest).statusCode()).isEqualTo(400);
        assertThat(API.client().get("/v1/clients/" + UUID.randomUUID() + "/export").statusCode())
                .isEqualTo(404);
    }

    private static String raw(String path, String type, int octets) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", API.port())) {
            socket.setSoTimeout(180_000);
            OutputStream out = socket.getOutputStream();
            String head =
                    "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\n"
                                    .formatted(path, TestApi.KEY, type)
                            + "Content-Length: %d\r\nConnection: close\r\n\r\n".formatted(octets);
            out.write(head.getBytes(StandardCharsets.UTF_8));
            byte[] piece = new byte[64 * 1024];
            Arrays.fill(piece, (byte) 'y');
            for (int left = octets; left > 0; left -= piece.length) {
                out.write(piece, 0, Math.min(left, piece.length));
            }
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void a_client_that_sends_all_before_it_reads_learns_why_its_import_is_refused()
            throws IOException {
        String path = "/v1/clients/" + target + "/import";
        int octets = 9 << 20;
        assertThat(raw(path, "application/json", octets)).startsWith("HTTP/1.1 415");
        assertThat(raw(path + "?resume=perhaps", "application/x-ndjson", octets))
                .startsWith("HTTP/1.1 400");
        assertThat(raw("/v1/clients/x/import", "application/x-ndjson", octets))
                .startsWith("HTTP/1.1 404");
    }
}
