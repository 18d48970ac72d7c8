package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine.Arrival;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thread that committed a delivery offers it late, after a page of the table brought it. */
class LateOfferTest {
    private static final Database DATABASE = TestDatabase.create();

    @TempDir static Path keys;

    private final UUID account = Ids.next();
    private final RawReceiver receiver =
            new RawReceiver(RawReceiver.saying("HTTP/1.1 204 No Content\r\n\r\n"));
    private DeliveryEngine engine;

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(DATABASE, keys);
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        DATABASE.jdbi().useHandle(handle -> handle.execute("delete from webhook"));
        receiver.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private Arrival arrival(Webhook webhook, String mailbox, int count) {
        return new Arrival(
                account,
                mailbox,
                Map.of("to", webhook.id().toString()),
                "{\"type\":\"mail.new\",\"data\":{\"newCount\":%d}}".formatted(count));
    }

    @Test
    void a_delivery_that_a_page_brought_before_its_offer_is_sent_once() {
        Webhook webhook = engine.webhook(receiver);
        engine.mail(arrival(webhook, "INBOX", 1));
        await().until(() -> engine.statuses(webhook).equals(List.of("delivered")));
        Outbox.Pending late = engine.commit(arrival(webhook, "INBOX", 2));
        // An older delivery is pending, so that the table is read; the page brings both.
        engine.mail(arrival(webhook, "INBOX", 3));
        await().until(() ->
                engine.statuses(webhook).equals(List.of("delivered", "delivered", "delivered")));
        late.committed();
        engine.mail(arrival(webhook, "Sent", 4));
        await().until(() -> engine.rows(webhook).getLast().status().equals("delivered"));
        assertThat(receiver.requests)
                .extracting(request -> request.headers().get("webhook-id"))
                .containsExactlyElementsOf(
                        engine.rows(webhook).stream().map(row -> row.id().toString()).toList());
    }

    @Test
    void a_delivery_that_is_offered_to_a_new_queue_after_a_page_brought_it_is_sent_once() {
        Webhook webhook = engine.webhook(receiver);
        Outbox.Pending late = engine.commit(arrival(webhook, "INBOX", 1));
        engine.mail(arrival(webhook, "INBOX", 2));
        await().until(() -> engine.statuses(webhook).stream().allMatch("delivered"::equals));
        late.committed();
        engine.mail(arrival(webhook, "Sent", 3));
        await().until(() -> engine.rows(webhook).getLast().status().equals("delivered"));
        assertThat(receiver.requests).hasSize(3);
    }
}
