package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.FencedException;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseFenceTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final String OK = "HTTP/1.1 204 No Content\r\n\r\n";

    @TempDir private Path keys;

    @AfterAll
    static void close() {
        DATABASE.close();
    }

    @Test
    void a_daemon_without_its_lease_posts_nothing_until_it_has_it_again() throws Exception {
        try (RawReceiver receiver = new RawReceiver(RawReceiver.saying(OK));
                DeliveryEngine engine = new DeliveryEngine(DATABASE, keys)) {
            Webhook webhook = engine.webhook(receiver);
            engine.leaseHeld = false;
            engine.mail(webhook, Ids.next(), "INBOX", 1);
            long asked = engine.leaseChecks.get();
            // The queues are dispatched several times meanwhile.
            await().until(() -> engine.leaseChecks.get() >= asked + 3);
            assertThat(receiver.requests).isEmpty();
            engine.leaseHeld = true;
            await().until(() -> receiver.requests.size() == 1);
        }
    }

    @Test
    void a_daemon_without_its_lease_posts_no_test_event() throws Exception {
        try (RawReceiver receiver = new RawReceiver(RawReceiver.saying(OK));
                DeliveryEngine engine = new DeliveryEngine(DATABASE, keys)) {
            Webhook webhook = engine.webhook(receiver);
            engine.leaseHeld = false;
            assertThatExceptionOfType(FencedException.class).isThrownBy(() -> engine.test(webhook));
            assertThat(receiver.requests).isEmpty();
            engine.leaseHeld = true;
            assertThat(engine.test(webhook).delivered()).isTrue();
        }
    }
}
