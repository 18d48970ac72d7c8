package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.mail.dovecot.Dovecot;
import dev.mailbell.mail.dovecot.Maildir;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Clients that move to another place, and clients that are erased, with a daemon that is killed.
 */
class MovedClientTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir private static Path dataDir;

    private static DatabaseAddress address;
    private static Jdbi jdbi;
    private static DaemonProcess daemon;

    @BeforeAll
    static void start() {
        address = TestDatabase.empty();
        jdbi = Jdbi.create(address.url(), address.username(), address.password());
        daemon = daemon();
        daemon.rest();
    }

    @AfterAll
    static void stop() throws Exception {
        daemon.close();
    }

    private static DaemonProcess daemon() {
        Map<String, String> settings =
                new HashMap<>(
                        Map.of(
                                "MAILBELL_DATABASE_URL", address.url(),
                                "MAILBELL_DATABASE_USERNAME", address.username(),
                                "MAILBELL_DATABASE_PASSWORD", address.password(),
                                "MAILBELL_NETWORK_ALLOW_PRIVATE", "127.0.0.0/8",
                                "MAILBELL_NETWORK_ALLOW_CLEARTEXT", "127.0.0.1",
                                "MAILBELL_POLLING_IMAP_MIN", "1s",
                                "MAILBELL_POLLING_IMAP_INTERVAL", "1s",
                                "MAILBELL_POLLING_POP3_MIN", "1s",
                                "MAILBELL_POLLING_POP3_INTERVAL", "1s",
                                "MAILBELL_WEBHOOKS_TIMEOUT", "2s"));
        // What is refused once is not sent again before its client is erased.
        settings.put("MAILBELL_WEBHOOKS_RETRY_SCHEDULE", "10s" + ",5s".repeat(20));
        return DaemonProcess.start(dataDir, settings);
    }

    /** A client of the API, for which the operator acts. */
    private record Client(UUID id) {
        static Client create() {
            UUID id = UUID.randomUUID();
            jdbi.useHandle(handle ->
                    handle.execute(
                            "insert into client (id, name) values (?, ?)", id, id.toString()));
            return new Client(id);
        }

        HttpResponse<String> send(String method, String path, String type, String body) {
            Rest rest = daemon.rest();
            try {
                return HTTP.send(
                        HttpRequest.newBuilder(rest.uri().resolve(path))
                                .header("Authorization", "Bearer " + rest.key())
                                .header("Mailbell-Client", id.toString())
                                .header("Content-Type", type)
                                .method(method, HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }

        JsonNode post(String path, Object body) {
            HttpResponse<String> answer =
                    send("POST", path, "application/json", JSON.writeValueAsString(body));
            assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
            return JSON.readTree(answer.body());
        }

        /** Has an account checked; again where a heartbeat was late on a busy machine. */
        void check(String account) {
            String path = "/v1/accounts/" + account + "/check";
            HttpResponse<String> answer =
                    await().pollDelay(Duration.ZERO)
                            .until(
                                    () -> send("POST", path, "application/json", "{}"),
                                    it -> it.statusCode() != 503);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }

        List<ObjectNode> export() {
            return operator("GET", "/v1/clients/" + id + "/export", "")
                    .body()
                    .lines()
                    .map(line -> (ObjectNode) JSON.readTree(line))
                    .toList();
        }

        HttpResponse<String> importAll(List<ObjectNode> lines) {
            StringBuilder body = new StringBuilder();
            lines.forEach(line -> body.append(JSON.writeValueAsString(line)).append('\n'));
            return operator("POST", "/v1/clients/" + id + "/import?resume=true", body.toString());
        }

        String newIdOf(String source) {
            return jdbi.withHandle(handle ->
                    handle.createQuery(
                                    "select account_id from imported where client_id = ? and source = ?")
                            .bind(0, id)
                            .bind(1, UUID.fromString(source))
                            .mapTo(String.class)
                            .one());
        }
    }

    private static HttpResponse<String> operator(String method, String path, String body) {
        Rest rest = daemon.rest();
        try {
            return HTTP.send(
                    HttpRequest.newBuilder(rest.uri().resolve(path))
                            .header("Authorization", "Bearer " + rest.key())
                            .header("Content-Type", "application/x-ndjson")
                            .method(method, HttpRequest.BodyPublishers.ofString(body))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static String register(Client client, String protocol, Maildir maildir) {
        Dovecot dovecot = Dovecot.shared();
        int port = protocol.equals("imap") ? dovecot.imapPort() : dovecot.pop3Port();
        return client.post(
                        "/v1/accounts",
                        Rest.account(protocol, port, maildir.user(), Dovecot.PASSWORD))
                .path("id")
                .stringValue();
    }

    @Test
    void exactly_the_mail_that_arrived_between_export_and_import_is_announced() throws Exception {
        Client before = Client.create();
        Client after = Client.create();
        try (Receiver old = new Receiver();
                Receiver fresh = new Receiver()) {
            String secret =
                    before.post("/v1/webhooks", Map.of("url", old.url(), "events", List.of("*")))
                            .path("secret")
                            .stringValue();
            fresh.trust(secret);
            Map<String, Maildir> boxes = new TreeMap<>();
            for (String protocol : List.of("imap", "pop3")) {
                Maildir maildir = Dovecot.shared().freshUser();
                maildir.deliver(3);
                boxes.put(register(before, protocol, maildir), maildir);
            }
            await().until(() -> old.count("mailbox.baseline") == 2);
            boxes.values().forEach(maildir -> maildir.deliver(2));
            for (String id : boxes.keySet()) {
                await().until(() -> old.announced(id) == 2);
                before.post("/v1/accounts/" + id + "/pause", Map.of());
            }

            List<ObjectNode> export = before.export();
            assertThat(export.toString()).doesNotContain(Dovecot.PASSWORD).doesNotContain("whsec_");
            boxes.values().forEach(maildir -> maildir.deliver(4));
            List<ObjectNode> lines = new ArrayList<>();
            for (ObjectNode line : export) {
                if (line.path("type").stringValue().equals("account")) {
                    ((ObjectNode) line.at("/account/mail")).put("password", Dovecot.PASSWORD);
                } else if (line.path("type").stringValue().equals("webhook")) {
                    ((ObjectNode) line.path("webhook"))
                            .put("secret", secret)
                            .put("url", fresh.url());
                }
                lines.add(line);
            }
            // The webhook first, so that it receives what the first checks find; the file is cut.
            List<ObjectNode> cut =
                    new ArrayList<>(List.of(lines.get(0), lines.get(3), lines.get(1)));
            HttpResponse<String> incomplete = after.importAll(cut);
            assertThat(incomplete.statusCode()).as(incomplete.body()).isEqualTo(422);
            assertThat(incomplete.body()).contains("export-incomplete");
            HttpResponse<String> whole = after.importAll(lines);
            assertThat(whole.statusCode()).as(whole.body()).isEqualTo(200);
            JsonNode result = JSON.readTree(whole.body());
            assertThat(result.path("accounts").toString())
                    .isEqualTo("{\"imported\":1,\"present\":1,\"refused\":0}");
            assertThat(result.path("webhooks").toString())
                    .isEqualTo("{\"imported\":0,\"present\":1,\"refused\":0}");

            for (Map.Entry<String, Maildir> box : boxes.entrySet()) {
                String id = after.newIdOf(box.getKey());
                await().until(() -> fresh.announced(id) == 4);
                box.getValue().deliver(1);
                after.check(id);
                await().until(() -> fresh.announced(id) == 5);
            }
            assertThat(fresh.count("mailbox.baseline")).isZero();
            assertThat(fresh.faults()).isEmpty();
        }
    }

    @Test
    void a_client_that_is_erased_while_its_mail_arrives_leaves_no_row_even_over_a_kill()
            throws Exception {
        Client client = Client.create();
        Client other = Client.create();
        try (Receiver receiver = new Receiver()) {
            for (Client each : List.of(client, other)) {
                each.post("/v1/webhooks", Map.of("url", receiver.url(), "events", List.of("*")));
            }
            Maildir maildir = Dovecot.shared().freshUser();
            String id = register(client, "imap", maildir);
            String kept = register(other, "imap", maildir);
            await().until(() -> receiver.count("mailbox.baseline") == 2);
            // Some are delivered, and the rest waits for its next attempt.
            maildir.deliver(1);
            await().until(() -> receiver.announced(id) == 1 && receiver.announced(kept) == 1);
            receiver.answer(() -> 500);
            maildir.deliver(1);
            await().until(() -> pending(client) > 0 && pending(other) > 0);

            HttpResponse<String> erased = operator("DELETE", "/v1/clients/" + client.id(), "");
            assertThat(erased.statusCode()).isEqualTo(202);
            receiver.answer(() -> 204);
            maildir.deliver(1);
            assertThat(client.send("GET", "/v1/accounts", "application/json", "").statusCode())
                    .isEqualTo(404);
            daemon.kill();
            daemon.close();
            daemon = daemon();
            await().until(() -> receiver.announced(kept) == 3);
            await().untilAsserted(() -> assertThat(rows(client)).isEmpty());
            assertThat(operator("DELETE", "/v1/clients/" + client.id(), "").statusCode())
                    .isEqualTo(404);
            assertThat(receiver.announced(id)).isEqualTo(1);
            assertThat(rows(other)).containsKeys("account", "webhook", "event", "delivery");
        }
    }

    private static int pending(Client client) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select count(*) from delivery d join webhook w on w.id = d.webhook_id
                                where w.client_id = ? and d.status = 'pending' and d.attempts > 0\
                                """)
                        .bind(0, client.id())
                        .mapTo(Integer.class)
                        .one());
    }

    /**
     * The rows of a client by table: every table with a column that names a client, an account or a
     * webhook; attempts without a delivery count as well.
     */
    private static Map<String, Long> rows(Client client) {
        Map<String, Long> rows = new HashMap<>();
        jdbi.useHandle(handle -> {
            for (Map<String, Object> column :
                    handle.createQuery(
                                    """
                                    select c.table_name, c.column_name from information_schema.columns c
                                    join information_schema.tables t using (table_schema, table_name)
                                    where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
                                        and c.column_name in ('client_id', 'account_id', 'webhook_id')
                                        and c.table_name !~ '_([0-9]{8}|default)$'\
                                    """)
                            .mapToMap()
                            .list()) {
                String table = String.valueOf(column.get("table_name"));
                String name = String.valueOf(column.get("column_name"));
                String of = name.substring(0, name.length() - "_id".length());
                String owner =
                        of.equals("client")
                                ? name + " = :client"
                                : name
                                        + " is not null and coalesce((select client_id = :client from "
                                        + of
                                        + " o where o.id = t."
                                        + name
                                        + "), true)";
                String kept = table.equals("audit") ? " and resource not like '/v1/clients/%'" : "";
                count(handle, client, rows, table, owner + kept);
            }
            count(handle, client, rows, "client", "id = :client");
            count(
                    handle,
                    client,
                    rows,
                    "attempt",
                    "not exists (select from delivery d where d.id = t.delivery_id)");
        });
        return rows;
    }

    private static void count(
            Handle handle, Client client, Map<String, Long> rows, String table, String condition) {
        long count =
                handle.createQuery(
                                ("select count(*) from " + table + " t where " + condition)
                                        .replace(":client", "'" + client.id() + "'::uuid"))
                        .mapTo(Long.class)
                        .one();
        if (count > 0) {
            rows.merge(table, count, Long::sum);
        }
    }
}
