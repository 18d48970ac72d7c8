package dev.mailbell.api.webhook;

import static dev.mailbell.api.HttpCaller.faults;
import static dev.mailbell.api.HttpCaller.json;
import static dev.mailbell.api.TestApi.idOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.WebhookActivity;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ActivityRouteTest {
    private static final TestApi API = new TestApi();
    private static final Instant HOUR = Instant.parse("2026-11-20T10:00:00Z");

    private final HttpCaller client = API.otherClient();
    private final UUID webhook =
            UUID.fromString(
                    idOf(
                            client.post(
                                    "/v1/webhooks",
                                    "{\"url\": \"https://example.org/\", \"events\": [\"*\"]}")));
    private final String path = "/v1/webhooks/" + webhook + "/activity";
    private final ActivityTable table = new ActivityTable(API.database.jdbi());

    @AfterAll
    static void close() {
        API.close();
    }

    private void attempt(WebhookActivity node, Instant at, long millis, boolean delivered) {
        node.attempted(
                webhook,
                new Attempt(
                        at,
                        Duration.ofMillis(millis),
                        delivered ? 204 : 500,
                        null,
                        delivered ? null : "answered 500",
                        null,
                        delivered ? null : Attempt.Fault.REFUSED));
    }

    private long rows(UUID id) {
        return API.database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select count(*) from webhook_activity where webhook_id = :id")
                                .bind("id", id)
                                .mapTo(Long.class)
                                .one());
    }

    @Test
    void the_attempts_of_all_nodes_add_up() {
        WebhookActivity one = new WebhookActivity(table);
        WebhookActivity other = new WebhookActivity(table);
        for (int i = 0; i < 90; i++) {
            attempt(one, HOUR.plusSeconds(i), 20, true);
        }
        for (int i = 0; i < 10; i++) {
            attempt(other, HOUR.plusSeconds(i), 4_000, false);
        }
        attempt(other, HOUR.plusSeconds(601), 7, true);
        one.write();
        other.write();
        other.write();
        JsonNode day = json(client.get(path + "?since=" + HOUR + "&until=2026-11-20T11:00:00Z"));
        assertThat(day.at("/total/attempts").longValue()).isEqualTo(101);
        assertThat(day.at("/total/failed").longValue()).isEqualTo(10);
        assertThat(day.at("/total/successRate").doubleValue()).isEqualTo(91.0 / 101);
        assertThat(day.required("steps")).hasSize(2);
        JsonNode first = day.at("/steps/0");
        assertThat(first.required("at").stringValue()).isEqualTo("2026-11-20T10:00:00.000Z");
        assertThat(first.required("delivered").longValue()).isEqualTo(90);
        assertThat(first.at("/durationMillis/mean").longValue()).isEqualTo(418);
        assertThat(first.at("/durationMillis/p50").longValue()).isBetween(10L, 25L);
        assertThat(first.at("/durationMillis/p95").longValue()).isBetween(2_500L, 4_000L);
        assertThat(first.at("/durationMillis/longest").longValue()).isEqualTo(4_000);
        JsonNode hours =
                json(client.get(path + "?step=PT1H&since=" + HOUR + "&until=2026-11-20T12:00:00Z"));
        assertThat(hours.required("steps")).hasSize(1);
        assertThat(hours.at("/steps/0/attempts").longValue()).isEqualTo(101);
        assertThat(hours.required("step").stringValue()).isEqualTo("PT3600S");
    }

    @Test
    void a_webhook_without_attempts_has_no_rate() {
        JsonNode none = json(client.get(path));
        assertThat(none.at("/total/attempts").longValue()).isZero();
        assertThat(none.at("/total/successRate").isNull()).isTrue();
        assertThat(none.at("/total/durationMillis").isNull()).isTrue();
        assertThat(none.at("/pending/count").intValue()).isZero();
        assertThat(none.at("/pending/oldestCreatedAt").isNull()).isTrue();
    }

    @Test
    void what_waits_is_counted() {
        API.database
                .jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into delivery (id, webhook_id, event_id, shard, status, next_attempt_at, created_at, completed_at)
                                select gen_random_uuid(), ?, gen_random_uuid(), 0, case n when 1 then 'failed' else 'pending' end, now(),
                                    '2026-11-20T10:00:00Z', case n when 1 then now() end from generate_series(1, 4) n\
                                """,
                                webhook));
        JsonNode pending = json(client.get(path)).required("pending");
        assertThat(pending.required("count").intValue()).isEqualTo(3);
        assertThat(pending.required("oldestCreatedAt").stringValue())
                .isEqualTo("2026-11-20T10:00:00.000Z");
    }

    @Test
    void the_rows_go_with_the_webhook_and_with_their_time() {
        WebhookActivity node = new WebhookActivity(table);
        attempt(node, HOUR, 20, true);
        attempt(node, HOUR.plus(Duration.ofDays(2)), 20, true);
        node.write();
        assertThat(rows(webhook)).isEqualTo(2);
        table.deleteBefore(HOUR.plus(Duration.ofDays(1)));
        assertThat(rows(webhook)).isOne();
        client.delete("/v1/webhooks/" + webhook);
        assertThat(rows(webhook)).isZero();
        attempt(node, HOUR, 20, true);
        node.write();
        assertThat(rows(webhook)).isZero();
    }

    @Test
    void faults_and_other_clients_are_refused() {
        assertThat(faults(client.get(path + "?step=PT1M&since=soon&upto=1")))
                .containsOnlyKeys("step", "since", "upto");
        assertThat(
                        faults(
                                client.get(
                                        path
                                                + "?since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z")))
                .containsOnlyKeys("since");
        assertThat(
                        faults(
                                client.get(
                                        path
                                                + "?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z")))
                .containsOnlyKeys("until");
        assertThat(API.otherClient().get(path).statusCode()).isEqualTo(404);
        assertThat(client.get("/v1/webhooks/x/activity").statusCode()).isEqualTo(404);
    }
}
