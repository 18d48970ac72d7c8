package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A webhook gets another URL, or is enabled, while a POST of before is under way. */
class MovedWebhookTest {
    @TempDir static Path keys;

    private final Database database = TestDatabase.create();
    private final CountDownLatch hold = new CountDownLatch(1);
    private final RawReceiver before = new RawReceiver(this::answerLate);
    private final RawReceiver after = new RawReceiver(RawReceiver.saying(answer("204 No Content")));
    private final UUID account = Ids.next();
    private volatile String status = "";
    private DeliveryEngine engine;
    private Webhook webhook;

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(database, keys);
        webhook = engine.webhook(before);
    }

    @AfterEach
    void close() throws Exception {
        hold.countDown();
        engine.close();
        before.close();
        after.close();
        database.close();
    }

    private static String answer(String status) {
        return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
    }

    private void answerLate(RawReceiver.Request request, OutputStream out) throws IOException {
        try {
            hold.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        out.write(answer(status).getBytes(StandardCharsets.US_ASCII));
    }

    /** The old receiver answers a POST after the webhook has got its new URL. */
    private void moveWhilePosting(String answered) {
        status = answered;
        engine.mail(webhook, account, "INBOX", 1);
        await().until(() -> before.requests.size() == 1);
        engine.move(webhook, "http://127.0.0.1:" + after.port() + "/");
        hold.countDown();
        await().until(() -> engine.rows(webhook).getFirst().attempts() == 1);
    }

    private void assertNewReceiverGetsAll() {
        engine.mail(webhook, Ids.next(), "INBOX", 1);
        await().until(() -> after.requests.size() == 1);
        engine.clock.step(Duration.ofMinutes(1));
        await().until(() -> after.requests.size() == 2);
        assertThat(before.requests).hasSize(1);
    }

    @Test
    void a_410_of_the_receiver_before_does_not_disable_the_new_one() {
        moveWhilePosting("410 Gone");
        assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
        assertThat(engine.now(webhook).health().lastError()).isNull();
        assertNewReceiverGetsAll();
    }

    @Test
    void a_pause_that_the_receiver_before_asks_for_does_not_hold_up_the_new_one() {
        moveWhilePosting("503 Service Unavailable\r\nRetry-After: 30");
        assertThat(engine.now(webhook).health().pausedUntil()).isNull();
        assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
        assertNewReceiverGetsAll();
    }

    @ParameterizedTest
    @ValueSource(strings = {"410 Gone", "503 Service Unavailable\r\nRetry-After: 30"})
    void an_answer_of_before_the_webhook_was_enabled_does_not_stop_it_again(String answered) {
        status = answered;
        engine.mail(webhook, account, "INBOX", 1);
        await().until(() -> before.requests.size() == 1);
        engine.patch(webhook, State.DISABLED);
        engine.patch(webhook, State.ENABLED);
        hold.countDown();
        await().until(() -> engine.rows(webhook).getFirst().attempts() == 1);
        assertThat(engine.now(webhook).state()).isEqualTo(State.ENABLED);
        assertThat(engine.now(webhook).health().pausedUntil()).isNull();
        status = "204 No Content";
        engine.mail(webhook, Ids.next(), "INBOX", 1);
        await().until(() -> before.requests.size() == 2);
        engine.clock.step(Duration.ofMinutes(1));
        await().until(() -> before.requests.size() == 3);
        await().until(() -> engine.now(webhook).health().healthy());
    }
}
