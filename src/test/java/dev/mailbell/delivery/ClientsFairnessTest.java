package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine.Arrival;
import dev.mailbell.delivery.outbox.Subscribers;
import dev.mailbell.event.Ids;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dead webhooks of one client, which want many events, beside those of another. */
class ClientsFairnessTest {
    private static final int DEAD = 300;
    private static final int EVENTS = 300;
    private static final Map<String, String> ALL = Map.of("to", "all");
    private static final String PAYLOAD =
            "{\"type\":\"mail.new\",\"data\":{\"mailbox\":\"Box\",\"newCount\":1}}";

    private final Database database = TestDatabase.create();
    private final UUID other = Ids.next();
    private final RawReceiver receiver =
            new RawReceiver(RawReceiver.saying("HTTP/1.1 204 No Content\r\n\r\n"));

    @TempDir Path keys;
    private DeliveryEngine engine;

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(database, keys);
        database.jdbi()
                .useHandle(handle ->
                        handle.execute("insert into client (id, name) values (?, 'other')", other));
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        receiver.close();
        database.close();
    }

    private void webhooks(int count, int port) {
        for (int i = 0; i < count; i++) {
            engine.webhook("http://127.0.0.1:" + port + "/" + i, ALL);
        }
    }

    private void mail() {
        engine.mail(new Arrival(Ids.next(), "Box", ALL, PAYLOAD));
    }

    private long deferredOfOther() {
        return database.jdbi()
                .withHandle(handle ->
                        handle.select("select count(*) from fanout where client_id = ?", other)
                                .mapTo(Long.class)
                                .one());
    }

    @Test
    void many_deferred_events_of_a_client_do_not_delay_one_of_another() {
        engine.owner = other;
        webhooks(DEAD, 1);
        for (int i = 0; i < EVENTS; i++) {
            mail();
        }
        long deferred = deferredOfOther();
        assertThat(deferred).isGreaterThan(EVENTS / 2);
        engine.owner = ClientStore.DEFAULT;
        int webhooks = Subscribers.MAX_OTHERS + 4;
        webhooks(webhooks, receiver.port());
        mail();
        await().until(() -> receiver.requests.size() == webhooks);
        assertThat(deferredOfOther())
                .as("the events of the other client wait all the while")
                .isGreaterThan(deferred / 2);
    }
}
