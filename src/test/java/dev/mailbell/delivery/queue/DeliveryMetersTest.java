package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine;
import dev.mailbell.delivery.RawReceiver;
import dev.mailbell.delivery.SteppedClock;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeliveryMetersTest {
    private static final Database DATABASE = TestDatabase.create();
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
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute("delete from webhook");
                    handle.execute("delete from delivery");
                });
        receiver.close();
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private void answer(RawReceiver.Request request, OutputStream out) throws IOException {
        if (hang) {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        out.write(
                ("HTTP/1.1 " + status.get() + " X\r\nContent-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private double attempts(String outcome) {
        return engine.meters.get("deliveries.attempts").tag("outcome", outcome).counter().count();
    }

    @Test
    void attempts_are_counted_by_outcome_and_the_first_post_is_timed_from_the_commit() {
        Webhook webhook = engine.webhook(receiver);
        engine.mail(webhook, ANN, "INBOX", 1);
        await().until(() -> attempts("delivered") == 1);
        assertThat(engine.meters.get("deliveries.commit.to.post").timer().count()).isEqualTo(1);

        status.set(500);
        engine.mail(webhook, ANN, "Lists", 1);
        await().until(() -> attempts("refused") == 1);
        status.set(200);
        engine.clock.step(Duration.ofSeconds(40));
        await().until(() -> attempts("delivered") == 2);
        // The second attempt is not timed.
        assertThat(engine.meters.get("deliveries.commit.to.post").timer().count()).isEqualTo(2);
        await().until(() -> engine.meters.get("deliveries.attempt").timer().count() == 3);
        assertThat(attempts("ours")).isZero();
    }

    @Test
    void posts_under_way_are_counted_until_they_end() {
        hang = true;
        engine.mail(engine.webhook(receiver), ANN, "INBOX", 1);
        await().until(() -> engine.meters.get("deliveries.under.way").gauge().value() == 1);
        release.countDown();
        await().until(() -> engine.meters.get("deliveries.under.way").gauge().value() == 0);
    }

    @Test
    void merged_deliveries_and_disabled_webhooks_are_counted() {
        Webhook sleeper = engine.webhook(receiver);
        engine.patch(sleeper, State.DISABLED);
        for (int i = 0; i < 3; i++) {
            engine.mail(sleeper, ANN, "INBOX", 1);
        }
        assertThat(engine.meters.get("deliveries.merged").counter().count()).isEqualTo(2);
        // A webhook that its client disables is not counted.
        assertThat(engine.meters.get("webhooks.disabled").counter().count()).isZero();

        status.set(410);
        engine.mail(engine.webhook(receiver), ANN, "INBOX", 1);
        await().until(() -> engine.meters.get("webhooks.disabled").counter().count() == 1);
    }

    @Test
    void the_oldest_pending_delivery_is_found() {
        DeliveryStore store = new DeliveryStore(DATABASE.jdbi());
        assertThat(store.oldestPending()).isEmpty();
        Webhook sleeper = engine.webhook(receiver);
        engine.patch(sleeper, State.DISABLED);
        Instant first = engine.clock.instant();
        engine.mail(sleeper, ANN, "INBOX", 1);
        engine.clock.step(Duration.ofMinutes(1));
        engine.mail(sleeper, ANN, "Lists", 1);
        assertThat(store.oldestPending()).contains(first);
    }

    @Test
    void the_age_of_the_oldest_grows_between_two_reads_and_while_the_database_is_away() {
        SteppedClock clock = new SteppedClock();
        AtomicReference<Optional<Instant>> table = new AtomicReference<>(Optional.empty());
        OldestPending oldest =
                new OldestPending(
                        () -> {
                            Optional<Instant> found = table.get();
                            if (found.isPresent() && found.get().equals(Instant.MIN)) {
                                throw new IllegalStateException("away");
                            }
                            return found;
                        },
                        clock);
        oldest.refresh();
        assertThat(oldest.seconds()).isZero();
        table.set(Optional.of(clock.instant().minusSeconds(3)));
        oldest.refresh();
        assertThat(oldest.seconds()).isEqualTo(3);
        table.set(Optional.of(Instant.MIN));
        clock.step(Duration.ofMillis(1500));
        oldest.refresh();
        assertThat(oldest.seconds()).isEqualTo(4.5);
        table.set(Optional.empty());
        oldest.refresh();
        assertThat(oldest.seconds()).isZero();
    }
}
