package dev.mailbell.api.webhook;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.event.Ids;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class DeliveryRoutesTest {
    private static final TestApi API = new TestApi();
    private final HttpCaller client = API.otherClient();
    private final UUID webhook =
            UUID.fromString(
                    idOf(
                            client.post(
                                    "/v1/webhooks",
                                    "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}")));
    private final String log = "/v1/webhooks/" + webhook + "/deliveries";

    @AfterAll
    static void close() {
        API.close();
    }

    /** A delivery as the lanes would leave it. */
    private UUID delivery(String status, @Nullable UUID account, Instant at) {
        UUID event = Ids.next();
        UUID id = Ids.next();
        boolean pending = status.equals("pending");
        API.database
                .jdbi()
                .useTransaction(handle -> {
                    handle.execute(
                            """
                            insert into event (id, client_id, account_id, type, created_at, payload)
                            select ?, client_id, ?, 'mail.new', ?, '{}' from webhook where id = ?\
                            """,
                            event,
                            account,
                            at.atOffset(ZoneOffset.UTC),
                            webhook);
                    handle.execute(
                            """
                            insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, next_attempt_at,
                                created_at, completed_at, attempts)
                            values (?, ?, ?, ?, 'INBOX', 0, ?, ?, ?, ?, 1)\
                            """,
                            id,
                            webhook,
                            event,
                            account,
                            status,
                            at.atOffset(ZoneOffset.UTC),
                            at.atOffset(ZoneOffset.UTC),
                            pending ? null : at.atOffset(ZoneOffset.UTC));
                });
        return id;
    }

    private UUID delivery(String status) {
        return delivery(status, null, now());
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    private List<UUID> ids(String query) {
        List<UUID> ids = new ArrayList<>();
        json(client.get(log + query))
                .required("items")
                .forEach(item -> ids.add(UUID.fromString(item.required("id").stringValue())));
        return ids;
    }

    @Test
    void the_log_is_newest_first_and_in_pages() {
        List<UUID> made = new ArrayList<>();
        for (String status :
                List.of("delivered", "failed", "delivered", "superseded", "pending", "delivered")) {
            made.addFirst(delivery(status));
        }
        assertThat(ids("")).isEqualTo(made);
        List<UUID> paged = new ArrayList<>();
        String cursor = "";
        while (true) {
            JsonNode page = json(client.get(log + "?limit=2" + cursor));
            page.required("items")
                    .forEach(item -> paged.add(UUID.fromString(item.at("/id").stringValue())));
            if (page.required("nextCursor").isNull()) {
                break;
            }
            cursor = "&cursor=" + page.required("nextCursor").stringValue();
        }
        assertThat(paged).isEqualTo(made);
        assertThat(ids("?status=delivered")).hasSize(3).isSubsetOf(made);
        assertThat(ids("?status=superseded")).containsExactly(made.get(2));
    }

    @Test
    void the_log_is_filtered_by_account_and_time() {
        UUID account = Ids.next();
        Instant start = now().minusSeconds(100);
        UUID one = delivery("delivered", account, start);
        UUID two = delivery("failed", null, start.plusSeconds(10));
        UUID three = delivery("delivered", account, start.plusSeconds(20));
        assertThat(ids("?account=" + account)).containsExactly(three, one);
        assertThat(ids("?since=" + start.plusSeconds(10))).containsExactly(three, two);
        assertThat(ids("?until=" + start.plusSeconds(10))).containsExactly(one);
        assertThat(
                        ids(
                                "?status=delivered&account="
                                        + account
                                        + "&since="
                                        + start.plusMillis(1)
                                        + "&until="
                                        + start.plusSeconds(60)))
                .containsExactly(three);
    }

    /** With another event type, and an answer of its latest attempt. */
    private UUID answered(String type, @Nullable Integer code) {
        UUID id = delivery("failed");
        API.database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute("update delivery set last_status = ? where id = ?", code, id);
                    handle.execute(
                            "update event set type = ? where id = (select event_id from delivery where id = ?)",
                            type,
                            id);
                });
        return id;
    }

    @Test
    void the_log_is_filtered_by_type_and_answer() {
        UUID unavailable = answered("mail.new", 503);
        UUID bad = answered("account.parked", 500);
        UUID silent = answered("mail.new", null);
        UUID refused = answered("mail.new", 404);
        assertThat(ids("?type=account.parked")).containsExactly(bad);
        assertThat(ids("?type=mail.new")).containsExactly(refused, silent, unavailable);
        assertThat(ids("?statusCode=5xx")).containsExactly(bad, unavailable);
        assertThat(ids("?statusCode=404")).containsExactly(refused);
        assertThat(ids("?statusCode=none")).containsExactly(silent);
        assertThat(ids("?statusCode=5xx&type=mail.new&status=failed")).containsExactly(unavailable);
        assertThat(ids("?statusCode=2xx")).isEmpty();
        assertThat(faults(client.get(log + "?type=mail.old&statusCode=600")))
                .containsOnlyKeys("type", "statusCode");
    }

    @Test
    void deliveries_of_all_webhooks_are_one_list() {
        UUID account = Ids.next();
        UUID one = delivery("delivered", account, now());
        UUID two = delivery("failed");
        String second =
                idOf(
                        client.post(
                                "/v1/webhooks",
                                "{\"url\": \"https://example.com/\", \"events\": [\"*\"]}"));
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update delivery set webhook_id = ?::uuid where id = ?",
                                second,
                                two));
        assertThat(client.get("/v1/deliveries").body()).contains(one.toString(), two.toString());
        assertThat(json(client.get("/v1/deliveries?webhook=" + second)).required("items"))
                .hasSize(1);
        assertThat(json(client.get("/v1/deliveries?account=" + account)).at("/items/0/id"))
                .hasToString("\"" + one + "\"");
        assertThat(
                        json(client.get("/v1/deliveries?account=" + account + "&webhook=" + second))
                                .required("items"))
                .isEmpty();
        HttpCaller stranger = API.otherClient();
        for (String query : List.of("", "?webhook=" + webhook, "?account=" + account)) {
            assertThat(json(stranger.get("/v1/deliveries" + query)).required("items")).isEmpty();
        }
    }

    @Test
    void a_rare_delivery_is_found_over_several_pages_of_bounded_work() {
        UUID rare = answered("account.parked", 500);
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into delivery (id, webhook_id, event_id, shard, status, next_attempt_at, created_at, completed_at, attempts)
                                select (left(?, 14) || '7fff-' || lpad(to_hex(32768 + n / 65536), 4, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid,
                                    ?, gen_random_uuid(), 0, 'delivered', now(), now(), now(), 1 from generate_series(1, 15000) n\
                                """,
                                // Of the next millisecond, so that they are newer.
                                new UUID(rare.getMostSignificantBits() + (1L << 16), 0).toString(),
                                webhook));
        JsonNode first = json(client.get(log + "?statusCode=500"));
        assertThat(first.required("items")).isEmpty();
        String cursor = first.required("nextCursor").stringValue();
        JsonNode second = json(client.get(log + "?statusCode=500&cursor=" + cursor));
        assertThat(second.at("/items/0/id").stringValue()).isEqualTo(rare.toString());
        assertThat(second.required("nextCursor").isNull()).isTrue();
    }

    @Test
    void the_body_is_for_keys_that_may_read_events() {
        UUID id = delivery("failed");
        String clientId =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select client_id from webhook where id = :id")
                                        .bind("id", webhook)
                                        .mapTo(String.class)
                                        .one());
        String path = "/v1/deliveries/" + id;
        assertThat(json(client.get(path)).required("body").stringValue()).isEqualTo("{}");
        assertThat(json(API.callerOf(clientId, "read").get(path)).has("body")).isTrue();
        assertThat(json(API.callerOf(clientId, "webhooks:read").get(path)).has("body")).isFalse();
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update delivery set body = '{\"sum\":2}' where id = ?", id));
        assertThat(json(client.get(path)).required("body").stringValue()).isEqualTo("{\"sum\":2}");
        assertThat(json(client.get(log)).at("/items/0").has("body")).isFalse();
    }

    @Test
    void a_delivery_is_read_with_every_attempt() {
        UUID id = delivery("failed");
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into attempt (delivery_id, number, at, duration_ms, status, error, answer)
                                values (?, 2, '2026-11-20T23:59:12Z', 7, null, 'timed out', null),
                                       (?, 1, '2026-11-20T23:59:07.123Z', 31, 500, 'the receiver answered 500', 'no')\
                                """,
                                id,
                                id));
        JsonNode read = json(client.get("/v1/deliveries/" + id));
        assertThat(read.required("status").stringValue()).isEqualTo("failed");
        assertThat(read.required("eventType").stringValue()).isEqualTo("mail.new");
        assertThat(read.required("webhookId").stringValue()).isEqualTo(webhook.toString());
        assertThat(read.required("attempts")).hasSize(2);
        assertThat(read.at("/attempts/0/statusCode").intValue()).isEqualTo(500);
        assertThat(read.at("/attempts/0/answer").stringValue()).isEqualTo("no");
        assertThat(read.at("/attempts/0/durationMillis").intValue()).isEqualTo(31);
        assertThat(read.at("/attempts/1/error").stringValue()).isEqualTo("timed out");
        assertThat(read.at("/attempts/1/delivered").booleanValue()).isFalse();
    }

    @Test
    void a_delivery_is_sent_again_under_the_same_id() {
        for (String status : List.of("delivered", "failed", "pending")) {
            UUID id = delivery(status);
            API.changedWebhooks.clear();
            HttpResponse<String> answer = client.post("/v1/deliveries/" + id + "/redeliver");
            assertThat(answer.statusCode()).isEqualTo(202);
            assertThat(idOf(answer)).isEqualTo(id.toString());
            assertThat(json(answer).required("status").stringValue()).isEqualTo("pending");
            assertThat(json(answer).required("completedAt").isNull()).isTrue();
            assertThat(json(answer).required("attemptCount").intValue()).isOne();
            assertThat(API.changedWebhooks).contains(webhook);
        }
    }

    @Test
    void merged_deliveries_and_deliveries_without_event_are_not_sent_again() {
        HttpResponse<String> merged =
                client.post("/v1/deliveries/" + delivery("superseded") + "/redeliver");
        assertThat(merged.statusCode()).isEqualTo(409);
        assertThat(json(merged).required("type").stringValue()).endsWith(":superseded");
        UUID bare = delivery("failed");
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "delete from event where id = (select event_id from delivery where id = ?)",
                                bare));
        HttpResponse<String> gone = client.post("/v1/deliveries/" + bare + "/redeliver");
        assertThat(gone.statusCode()).isEqualTo(409);
        assertThat(json(gone).required("type").stringValue()).endsWith(":event-gone");
        assertThat(json(client.get("/v1/deliveries/" + bare)).required("eventType").isNull())
                .isTrue();
    }

    @Test
    void deliveries_that_failed_since_a_given_time_are_recovered() {
        Instant outage = now().minusSeconds(60);
        UUID before = delivery("failed", null, outage.minusSeconds(1));
        UUID within = delivery("failed", null, outage);
        UUID later = delivery("failed", null, outage.plusSeconds(30));
        UUID well = delivery("delivered", null, outage.plusSeconds(31));
        String path = "/v1/webhooks/" + webhook + "/recover";
        String since = "{\"since\": \"" + outage + "\"}";
        HttpResponse<String> answer = client.post(path, since);
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(json(answer).required("count").intValue()).isEqualTo(2);
        assertThat(ids("?status=pending")).containsExactly(later, within);
        assertThat(ids("?status=failed")).containsExactly(before);
        assertThat(ids("?status=delivered")).containsExactly(well);
        assertThat(json(client.post(path, since)).required("count").intValue()).isZero();
    }

    @Test
    void a_rotated_secret_is_shown_once_and_the_previous_one_kept_for_a_day() {
        HttpResponse<String> answer = client.post("/v1/webhooks/" + webhook + "/rotate");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(json(answer).required("secret").stringValue()).startsWith("whsec_");
        assertThat(Instant.parse(json(answer).required("previousSecretUntil").stringValue()))
                .isBetween(
                        Instant.now().plus(Duration.ofHours(23)),
                        Instant.now().plus(Duration.ofHours(24)));
        assertThat(json(client.get("/v1/webhooks/" + webhook)).has("secret")).isFalse();
        assertThat(API.changedWebhooks).contains(webhook);
    }

    @Test
    void invalid_queries_are_refused_with_all_errors() {
        assertThat(
                        faults(
                                client.get(
                                        log
                                                + "?status=lost&account=7&since=yesterday&until=2026-13-01T00:00:00Z&limit=0&cursor=x&page=2")))
                .containsOnlyKeys("status", "account", "since", "until", "limit", "cursor", "page");
        assertThat(
                        faults(
                                client.get(
                                        log
                                                + "?since=2026-11-21T00:00:00Z&until=2026-11-20T00:00:00Z")))
                .containsOnlyKeys("until");
        String recover = "/v1/webhooks/" + webhook + "/recover";
        assertThat(faults(client.post(recover, "{}"))).containsOnlyKeys("since");
        assertThat(faults(client.post(recover, "{\"since\": \"now\", \"until\": 1}")))
                .containsOnlyKeys("since", "until");
        assertThat(client.post(recover).statusCode()).isEqualTo(415);
        assertThat(
                        faults(
                                client.post(
                                        "/v1/deliveries/" + delivery("failed") + "/redeliver",
                                        "{\"at\": 1}")))
                .containsOnlyKeys("at");
        for (String id : List.of("nonsense", UUID.randomUUID().toString())) {
            assertThat(client.get("/v1/deliveries/" + id).statusCode()).isEqualTo(404);
            assertThat(client.post("/v1/deliveries/" + id + "/redeliver").statusCode())
                    .isEqualTo(404);
            assertThat(client.get("/v1/webhooks/" + id + "/deliveries").statusCode())
                    .isEqualTo(404);
            assertThat(client.post("/v1/webhooks/" + id + "/rotate").statusCode()).isEqualTo(404);
            assertThat(
                            client.post(
                                            "/v1/webhooks/" + id + "/recover",
                                            "{\"since\": \"2026-11-20T00:00:00Z\"}")
                                    .statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void another_client_can_neither_read_nor_redeliver() {
        UUID id = delivery("failed");
        HttpCaller stranger = API.otherClient();
        assertThat(stranger.get(log).statusCode()).isEqualTo(404);
        assertThat(stranger.get("/v1/deliveries/" + id).statusCode()).isEqualTo(404);
        assertThat(stranger.post("/v1/deliveries/" + id + "/redeliver").statusCode())
                .isEqualTo(404);
        assertThat(stranger.post("/v1/webhooks/" + webhook + "/rotate").statusCode())
                .isEqualTo(404);
        assertThat(
                        stranger.post(
                                        "/v1/webhooks/" + webhook + "/recover",
                                        "{\"since\": \"2026-11-20T00:00:00Z\"}")
                                .statusCode())
                .isEqualTo(404);
        assertThat(ids("?status=failed")).containsExactly(id);
    }

    @Test
    void the_log_goes_with_its_webhook() {
        UUID id = delivery("delivered");
        assertThat(client.delete("/v1/webhooks/" + webhook).statusCode()).isEqualTo(204);
        assertThat(client.get("/v1/deliveries/" + id).statusCode()).isEqualTo(404);
        long left =
                API.database
                        .jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select count(*) from delivery where webhook_id = :id")
                                        .bind("id", webhook)
                                        .mapTo(Long.class)
                                        .one());
        assertThat(left).isZero();
    }
}
