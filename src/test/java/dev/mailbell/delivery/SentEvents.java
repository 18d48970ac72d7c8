package dev.mailbell.delivery;

import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Event;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import java.nio.file.Path;
import java.util.List;

/** Events about webhooks, as delivery writes and sends them. */
public final class SentEvents implements AutoCloseable {
    private static final String GONE = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n";

    private final Database database = TestDatabase.create();
    private final RawReceiver receiver = new RawReceiver(RawReceiver.saying(GONE));
    private final DeliveryEngine engine;

    /**
     * @param keys an empty directory for the keyset
     */
    public SentEvents(Path keys) {
        engine = new DeliveryEngine(database, keys);
    }

    /** The event of a webhook that answered 410. */
    public List<Event> disabled() {
        Webhook webhook = engine.webhook(receiver);
        engine.mail(webhook, Ids.next(), "INBOX", 1);
        return await().until(() -> engine.disabledEvents(webhook), events -> !events.isEmpty());
    }

    /** The body of a test that an endpoint gets. */
    public String test() {
        Webhook webhook = engine.webhook(receiver);
        receiver.requests.clear();
        engine.test(webhook);
        return receiver.requests.element().body();
    }

    @Override
    public void close() throws Exception {
        engine.close();
        receiver.close();
        database.close();
    }
}
