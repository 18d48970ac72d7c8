package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.queue.DeliveryStore;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A webhook recovers among many dead ones; a trigger refuses deliveries to some of them. */
class RecoveredWebhooksTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final JsonMapper JSON = new JsonMapper();
    private static final int DEAD = 2 * DeferredBatches.BATCH + 7;
    private static final Map<String, String> ALL = Map.of("to", "all");

    @TempDir static Path keys;

    private final UUID account = Ids.next();
    private final RawReceiver receiver =
            new RawReceiver(RawReceiver.saying("HTTP/1.1 204 No Content\r\n\r\n"));
    private final List<Webhook> dead = new ArrayList<>();
    private DeliveryEngine engine;
    private Webhook healthy;
    private int made;

    /** Before there is a daemon, which locks the tables in another order than such statements. */
    @BeforeAll
    static void letTriggerRefuse() {
        execute("create table refused (id uuid primary key)");
        execute(
                """
                create function refuse() returns trigger language plpgsql as $$ begin
                    if exists (select from refused r where r.id = new.webhook_id) then raise exception 'refused'; end if;
                    return new;
                end $$\
                """);
        execute(
                "create trigger refuse before insert on delivery for each row execute function refuse()");
    }

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(DATABASE, keys);
        for (int i = 0; i < DEAD; i++) {
            dead.add(engine.webhook(url("dead" + i), ALL));
        }
        dead.forEach(webhook -> engine.patch(webhook, State.DISABLED));
        healthy = engine.webhook(url("healthy"), ALL);
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        execute("delete from refused");
        execute("delete from webhook");
        execute("delete from fanout");
        execute("delete from delivery");
        receiver.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private static void execute(String sql, Object... values) {
        DATABASE.jdbi().useHandle(handle -> handle.execute(sql, values));
    }

    /** Runs a statement while no thread works on deferred events: their rows are locked. */
    private static void betweenPieces(String sql) {
        DATABASE.jdbi()
                .useTransaction(handle -> {
                    handle.execute("select from fanout order by event_id for update");
                    handle.execute(sql);
                });
    }

    private static int count(String of) {
        return DATABASE.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from " + of)
                                .mapTo(Integer.class)
                                .one());
    }

    private String url(String path) {
        return "http://127.0.0.1:" + receiver.port() + "/" + path;
    }

    private void mail(int newCount) {
        engine.mail(
                new DeliveryEngine.Arrival(
                        account,
                        "INBOX",
                        ALL,
                        "{\"type\":\"mail.new\",\"data\":{\"newCount\":%d,\"seq\":%d}}"
                                .formatted(newCount, ++made)));
    }

    private List<JsonNode> received(Webhook webhook) {
        String path = webhook.url().substring(webhook.url().lastIndexOf('/'));
        return receiver.requests.stream()
                .filter(request -> request.line().contains(path + " "))
                .map(request -> JSON.readTree(request.body()).path("data"))
                .toList();
    }

    private static int sum(List<JsonNode> data) {
        return data.stream().mapToInt(one -> one.path("newCount").asInt()).sum();
    }

    private void assertPendingForDead(int messages) {
        await().until(() -> count("fanout") == 0);
        for (Webhook webhook : dead) {
            assertThat(engine.rows(webhook))
                    .filteredOn(row -> row.status().equals("pending"))
                    .singleElement()
                    .satisfies(row -> {
                        assertThat(row.newCount()).isEqualTo(messages);
                        assertThat(row.body()).contains("\"newCount\":" + messages);
                    });
        }
    }

    @Test
    void a_webhook_that_is_healthy_again_is_served_before_the_dead_ones() {
        Webhook back = engine.webhook(url("back"), ALL);
        execute("update webhook set healthy = false, state = 'failing' where id = ?", back.id());
        execute("insert into refused select id from webhook where state = 'disabled'");
        for (int i = 1; i <= 3; i++) {
            mail(i);
        }
        await().until(() -> sum(received(healthy)) == 6);
        execute("update webhook set healthy = true, state = 'enabled' where id = ?", back.id());
        await().until(() -> sum(received(back)) == 6);
        mail(4);
        await().until(() -> sum(received(back)) == 10);
        assertThat(received(back)).extracting(one -> one.path("seq").asInt()).isSorted();
        assertThat(dead).allSatisfy(one -> assertThat(engine.rows(one)).isEmpty());
        execute("delete from refused");
        assertPendingForDead(10);
        assertThat(sum(received(back))).isEqualTo(10);
    }

    @Test
    void a_new_webhook_beside_many_dead_ones_gets_its_first_event_at_once() {
        execute("insert into refused select id from webhook where state = 'disabled'");
        mail(1);
        Webhook fresh = engine.webhook(url("fresh"), ALL);
        execute("update webhook set healthy = false where id = ?", fresh.id());
        mail(2);
        assertThat(engine.statuses(fresh)).hasSize(1);
        await().until(() -> sum(received(fresh)) == 2);
        assertThat(new DeliveryStore(DATABASE.jdbi()).oldestPending()).isPresent();
        execute("delete from refused");
        assertPendingForDead(3);
        assertThat(received(fresh)).hasSize(1);
    }

    @Test
    void the_next_event_of_a_mailbox_brings_a_recovered_webhook_all_earlier_ones() {
        Webhook back = engine.webhook(url("back"), ALL);
        execute("update webhook set healthy = false, state = 'failing' where id = ?", back.id());
        execute("insert into refused select id from webhook where id <> ?", healthy.id());
        for (int i = 1; i <= 3; i++) {
            mail(i);
        }
        execute("update webhook set healthy = true, state = 'enabled' where id = ?", back.id());
        mail(4);
        assertThat(count("fanout where healthy")).isPositive();
        execute("delete from refused where id = ?", back.id());
        await().until(() -> sum(received(back)) == 10);
        assertThat(received(back)).extracting(one -> one.path("seq").asInt()).isSorted();
        await().until(() -> count("fanout where healthy") == 0);
        assertThat(count("fanout")).isPositive();
        execute("delete from refused");
        assertPendingForDead(10);
    }

    @Test
    void events_that_merge_into_one_delivery_are_one_row_after_the_first_batch() {
        execute("insert into refused select id from webhook where state = 'disabled'");
        for (int i = 1; i <= 5; i++) {
            mail(i);
        }
        // A piece that read fewer events before is refused: it ends here, or at the second lock.
        betweenPieces("select from fanout");
        betweenPieces("delete from refused where id <> '" + dead.getLast().id() + "'");
        await().until(() ->
                count("fanout where cardinality(served) > " + DeferredBatches.BATCH) > 0);
        assertThat(count("fanout")).isOne();
        assertThat(count("fanout where new_count = 15")).isOne();
        execute("delete from refused");
        assertPendingForDead(15);
        assertThat(sum(received(healthy))).isEqualTo(15);
    }
}
