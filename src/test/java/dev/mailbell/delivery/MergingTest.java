package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine.Row;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class MergingTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final JsonMapper JSON = new JsonMapper();
    private static final UUID ANN = Ids.next();

    @TempDir Path keys;
    private DeliveryEngine engine;
    private final AtomicInteger status = new AtomicInteger(200);
    private final CountDownLatch release = new CountDownLatch(1);
    private volatile boolean hang;
    private final RawReceiver receiver = new RawReceiver(this::answer);

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(DATABASE, keys);
    }

    @AfterEach
    void close() throws Exception {
        release.countDown();
        engine.close();
        DATABASE.jdbi().useHandle(handle -> handle.execute("delete from webhook"));
        receiver.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private void answer(RawReceiver.Request request, OutputStream out) throws java.io.IOException {
        if (hang) {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new java.io.IOException(e);
            }
        }
        out.write(
                ("HTTP/1.1 " + status.get() + " X\r\nContent-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private static int newCount(String body) {
        return JSON.readTree(body).at("/data/newCount").asInt();
    }

    private List<Row> pending(Webhook webhook) {
        return engine.rows(webhook).stream().filter(row -> row.status().equals("pending")).toList();
    }

    @Test
    void while_disabled_one_delivery_of_a_mailbox_carries_the_sum_and_the_newest_other_fields() {
        Webhook webhook = engine.webhook(receiver);
        engine.patch(webhook, State.DISABLED);
        for (int i = 1; i <= 5; i++) {
            engine.mail(webhook, ANN, "INBOX", i);
        }
        engine.mail(webhook, ANN, "Lists", 7);
        assertThat(engine.statuses(webhook))
                .containsExactly(
                        "superseded",
                        "superseded",
                        "superseded",
                        "superseded",
                        "pending",
                        "pending");
        Row merged = pending(webhook).getFirst();
        assertThat(merged.newCount()).isEqualTo(15);
        String newest =
                DATABASE.jdbi()
                        .withHandle(handle ->
                                handle.createQuery(
                                                "select payload from event e join delivery d on d.event_id = e.id where d.id = ?")
                                        .bind(0, merged.id())
                                        .mapTo(String.class)
                                        .one());
        assertThat(merged.body()).isEqualTo(newest.replace("\"newCount\":5", "\"newCount\":15"));

        engine.patch(webhook, State.ENABLED);
        await().untilAsserted(() -> assertThat(receiver.requests).hasSize(2));
        assertThat(receiver.requests.stream().mapToInt(r -> newCount(r.body())).sum())
                .isEqualTo(22);
    }

    @Test
    void an_attempted_delivery_never_changes_and_all_later_ones_merge() {
        status.set(500);
        Webhook webhook = engine.webhook(receiver);
        engine.mail(webhook, ANN, "INBOX", 1);
        await().until(() -> engine.attempts(webhook) == 1);
        String first = engine.rows(webhook).getFirst().body();
        for (int i = 0; i < 20; i++) {
            engine.mail(webhook, ANN, "INBOX", 1);
        }
        assertThat(pending(webhook)).hasSize(2);
        status.set(200);
        engine.clock.step(Duration.ofSeconds(40));
        await().untilAsserted(() -> assertThat(pending(webhook)).isEmpty());
        assertThat(receiver.requests).hasSize(3);
        List<RawReceiver.Request> all = List.copyOf(receiver.requests);
        assertThat(all.get(0).body()).isEqualTo(first);
        assertThat(all.get(1).body()).isEqualTo(first);
        assertThat(newCount(all.get(2).body())).isEqualTo(20);
    }

    @Test
    void a_delivery_in_flight_at_a_crash_is_sent_again_byte_by_byte() throws Exception {
        Webhook webhook = engine.webhook(receiver);
        engine.patch(webhook, State.DISABLED);
        engine.mail(webhook, ANN, "INBOX", 1);
        engine.mail(webhook, ANN, "INBOX", 2);
        hang = true;
        engine.patch(webhook, State.ENABLED);
        await().until(() -> receiver.requests.size() == 1);
        // The POST is sent and its outcome is not written, as after a kill -9 between the two.
        engine.mail(webhook, ANN, "INBOX", 4);
        engine.mail(webhook, ANN, "INBOX", 8);
        assertThat(pending(webhook)).hasSize(2);
        hang = false;
        try (DeliveryEngine next = engine.successor()) {
            await().untilAsserted(() -> assertThat(pending(webhook)).isEmpty());
        }
        // Before the release: the engine that a crash would have ended goes on then.
        List<RawReceiver.Request> requests = List.copyOf(receiver.requests);
        release.countDown();
        Map<String, String> bodies = new HashMap<>();
        for (RawReceiver.Request request : requests) {
            String id = request.headers().get("webhook-id");
            String before = bodies.put(id, request.body());
            assertThat(before == null || before.equals(request.body())).isTrue();
        }
        assertThat(bodies.values().stream().mapToInt(MergingTest::newCount).sum()).isEqualTo(15);
        assertThat(requests).hasSize(3);
    }

    @Test
    void a_sum_beyond_its_column_stays_at_the_maximum() {
        Webhook webhook = engine.webhook(receiver);
        engine.patch(webhook, State.DISABLED);
        for (int i = 0; i < 3; i++) {
            engine.mail(webhook, ANN, "INBOX", Integer.MAX_VALUE);
        }
        Row merged = pending(webhook).getLast();
        assertThat(merged.newCount()).isEqualTo(Integer.MAX_VALUE);
        assertThat(newCount(merged.body())).isEqualTo(Integer.MAX_VALUE);
        assertThat(pending(webhook)).hasSize(1);
    }

    @Test
    void other_events_are_never_merged_and_keep_their_order() {
        Webhook webhook = engine.webhook(receiver);
        engine.patch(webhook, State.DISABLED);
        engine.mail(webhook, ANN, "INBOX", 1);
        engine.add(webhook, ANN, "INBOX", EventType.MAILBOX_RESET, "{\"type\":\"mailbox.reset\"}");
        engine.mail(webhook, ANN, "INBOX", 2);
        assertThat(engine.statuses(webhook)).containsExactly("superseded", "pending", "pending");
        engine.patch(webhook, State.ENABLED);
        await().untilAsserted(() -> assertThat(receiver.requests).hasSize(2));
        List<RawReceiver.Request> all = List.copyOf(receiver.requests);
        assertThat(all.get(0).body()).contains("mailbox.reset");
        assertThat(newCount(all.get(1).body())).isEqualTo(3);
    }

    @Test
    void counts_are_exact_and_attempted_bytes_never_change_under_any_answers() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        engine.schedule = java.util.Collections.nCopies(40, Duration.ofSeconds(5));
        Webhook webhook = engine.webhook(receiver);
        UUID[] accounts = {Ids.next(), Ids.next(), Ids.next()};
        int sum = 0;
        for (int i = 0; i < 300; i++) {
            int count = 1 + random.nextInt(3);
            sum += count;
            engine.mail(webhook, accounts[random.nextInt(3)], "INBOX", count);
            if (random.nextInt(10) == 0) {
                status.set(random.nextBoolean() ? 200 : 500);
                engine.clock.step(Duration.ofSeconds(random.nextInt(10)));
            }
            if (random.nextInt(50) == 0) {
                engine.patch(webhook, random.nextBoolean() ? State.ENABLED : State.DISABLED);
            }
            assertThat(pending(webhook).size()).as("at most two a mailbox").isLessThanOrEqualTo(6);
        }
        status.set(200);
        engine.patch(webhook, State.ENABLED);
        await().untilAsserted(() -> {
            engine.clock.step(Duration.ofSeconds(1));
            assertThat(pending(webhook)).isEmpty();
        });
        Map<String, String> bodies = new HashMap<>();
        for (RawReceiver.Request request : receiver.requests) {
            String id = request.headers().get("webhook-id");
            String before = bodies.put(id, request.body());
            assertThat(before == null || before.equals(request.body())).as(id).isTrue();
        }
        assertThat(bodies.values().stream().mapToInt(MergingTest::newCount).sum()).isEqualTo(sum);
    }
}
