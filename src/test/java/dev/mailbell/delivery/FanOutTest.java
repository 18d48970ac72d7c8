package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine.Arrival;
import dev.mailbell.delivery.DeliveryEngine.Row;
import dev.mailbell.delivery.outbox.Subscribers;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Many webhooks without a success subscribe to the same events as a healthy one. */
class FanOutTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final JsonMapper JSON = new JsonMapper();
    private static final int FAILING = Subscribers.MAX_OTHERS + 2 * DeferredBatches.BATCH + 7;
    private static final Map<String, String> ALL = Map.of("to", "all");

    @TempDir static Path keys;

    private final UUID account = Ids.next();
    private final RawReceiver receiver =
            new RawReceiver(RawReceiver.saying("HTTP/1.1 204 No Content\r\n\r\n"));
    private final List<Webhook> failing = new ArrayList<>();
    private DeliveryEngine engine;
    private int made;

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(DATABASE, keys);
        for (int i = 0; i < FAILING; i++) {
            failing.add(engine.webhook(url("failing" + i), ALL));
        }
        DATABASE.jdbi()
                .useHandle(handle -> handle.execute("update webhook set state = 'disabled'"));
        failing.forEach(webhook -> engine.patch(webhook, State.DISABLED));
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute("delete from webhook");
                    handle.execute("delete from fanout");
                    handle.execute("delete from delivery");
                });
        receiver.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private String url(String path) {
        return "http://127.0.0.1:" + receiver.port() + "/" + path;
    }

    private Arrival arrival(String mailbox, int newCount) {
        return new Arrival(
                account,
                mailbox,
                ALL,
                "{\"type\":\"mail.new\",\"data\":{\"mailbox\":\"%s\",\"newCount\":%d,\"seq\":%d}}"
                        .formatted(mailbox, newCount, ++made));
    }

    private static int deferred() {
        return DATABASE.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from fanout")
                                .mapTo(Integer.class)
                                .one());
    }

    private static long rowsOf(String status) {
        return DATABASE.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from delivery where status = ?")
                                .bind(0, status)
                                .mapTo(Long.class)
                                .one());
    }

    private List<JsonNode> received(Webhook webhook) {
        String path = webhook.url().substring(webhook.url().lastIndexOf('/'));
        Set<String> ids = new HashSet<>();
        return receiver.requests.stream()
                .filter(request -> request.line().contains(path + " "))
                .peek(request ->
                        assertThat(ids.add(request.headers().get("webhook-id")))
                                .as("sent once")
                                .isTrue())
                .map(request -> JSON.readTree(request.body()).path("data"))
                .toList();
    }

    private static int sum(List<JsonNode> data) {
        return data.stream().mapToInt(one -> one.path("newCount").asInt()).sum();
    }

    private static void assertInOrder(List<JsonNode> data) {
        assertThat(data).extracting(one -> one.path("seq").asInt()).isSorted();
    }

    @Test
    void the_event_is_written_with_the_healthy_delivery_alone() {
        Webhook healthy = engine.webhook(url("healthy"), ALL);
        Outbox.Pending pending = engine.commit(arrival("INBOX", 1));
        // A search of the table may bring it to the queue before the offer.
        assertThat(engine.statuses(healthy)).hasSize(1).isSubsetOf("pending", "delivered");
        pending.committed();
        await().until(() -> received(healthy).size() == 1);
        await().until(() -> deferred() == 0);
        assertThat(failing)
                .allSatisfy(one -> assertThat(engine.statuses(one)).containsExactly("pending"));
    }

    @Test
    void every_webhook_gets_every_count_in_order_after_an_outage() {
        Webhook healthy = engine.webhook(url("healthy"), ALL);
        for (int i = 1; i <= 10; i++) {
            engine.mail(arrival(i % 3 == 0 ? "Lists" : "INBOX", i));
        }
        // Some recover while events for them are deferred, and new events arrive.
        for (Webhook webhook : failing.subList(0, 50)) {
            engine.patch(webhook, State.ENABLED);
        }
        for (int i = 11; i <= 20; i++) {
            engine.mail(arrival(i % 3 == 0 ? "Lists" : "INBOX", i));
        }
        await().until(() -> deferred() == 0);
        for (Webhook webhook : failing.subList(50, failing.size())) {
            List<Row> pending =
                    engine.rows(webhook).stream()
                            .filter(row -> row.status().equals("pending"))
                            .toList();
            assertThat(pending).hasSizeLessThanOrEqualTo(4);
            engine.patch(webhook, State.ENABLED);
        }
        await().until(() -> rowsOf("pending") == 0);
        assertThat(received(healthy)).hasSizeLessThanOrEqualTo(20);
        List<Webhook> all = new ArrayList<>(failing);
        all.add(healthy);
        for (Webhook webhook : all) {
            List<JsonNode> data = received(webhook);
            assertThat(sum(data)).isEqualTo(210);
            for (String mailbox : List.of("INBOX", "Lists")) {
                assertInOrder(
                        data.stream()
                                .filter(one -> one.path("mailbox").asString().equals(mailbox))
                                .toList());
            }
        }
    }

    @Test
    void many_webhooks_without_a_success_do_not_delay_a_healthy_one() {
        Webhook healthy = engine.webhook(url("healthy"), ALL);
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update webhook set state = 'enabled' where id <> ?",
                                healthy.id()));
        failing.forEach(webhook -> assertThat(engine.now(webhook).health().healthy()).isFalse());
        Outbox.Pending pending = engine.commit(arrival("INBOX", 1));
        // A search of the table may bring it to the queue before the offer.
        assertThat(engine.statuses(healthy)).hasSize(1).isSubsetOf("pending", "delivered");
        pending.committed();
        failing.forEach(webhook -> engine.patch(webhook, State.ENABLED));
        await().until(() -> rowsOf("delivered") == FAILING + 1);
        assertThat(deferred()).isZero();
        assertThat(failing).allSatisfy(one -> assertThat(received(one)).hasSize(1));
        await().until(() -> engine.now(failing.getLast()).health().healthy());
    }

    @Test
    void a_webhook_created_later_gets_no_earlier_event_and_delays_none() {
        engine.commit(arrival("INBOX", 1)).committed();
        Webhook later = engine.webhook(url("later"), ALL);
        engine.mail(arrival("INBOX", 2));
        await().until(() -> deferred() == 0);
        failing.forEach(webhook -> engine.patch(webhook, State.ENABLED));
        await().until(() -> rowsOf("pending") == 0);
        assertThat(received(later)).hasSize(1);
        assertThat(sum(received(later))).isEqualTo(2);
        assertThat(failing).allSatisfy(one -> assertThat(sum(received(one))).isEqualTo(3));
    }

    @Test
    void healthy_webhooks_beyond_a_hundred_are_served_once_each_and_in_order() {
        List<Webhook> many = new ArrayList<>();
        for (int i = 0; i < Subscribers.MAX_HEALTHY + DeferredBatches.BATCH + 5; i++) {
            many.add(engine.webhook(url("many" + i), ALL));
        }
        engine.commit(arrival("INBOX", 1)).committed();
        for (int i = 2; i <= 4; i++) {
            engine.mail(arrival("INBOX", i));
        }
        await().untilAsserted(() ->
                assertThat(many).allSatisfy(one -> assertThat(sum(received(one))).isEqualTo(10)));
        assertThat(many).allSatisfy(one -> assertInOrder(received(one)));
    }

    @Test
    void deliveries_deferred_before_a_crash_are_added_after_it() throws Exception {
        engine.commit(arrival("INBOX", 3));
        engine.restart();
        await().until(() -> deferred() == 0);
        assertThat(failing)
                .allSatisfy(one -> assertThat(engine.statuses(one)).containsExactly("pending"));
    }
}
