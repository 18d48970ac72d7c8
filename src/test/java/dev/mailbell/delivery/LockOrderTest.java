package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.AttemptOutcome;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Statements that write deliveries of several webhooks lock the deliveries in the order of their
 * ids, then the webhooks: no two of them deadlock.
 */
class LockOrderTest {
    private static final String TOUCH = "update delivery set attempts = attempts where id = ?";

    @TempDir private Path keys;

    private final UUID account = Ids.next();
    private Database database;
    private DeliveryEngine engine;
    private Connection other;

    @BeforeEach
    void open() throws SQLException {
        database = TestDatabase.create();
        engine = new DeliveryEngine(database, keys);
        other = database.dataSource().getConnection();
        other.setAutoCommit(false);
    }

    @AfterEach
    void close() throws Exception {
        other.rollback();
        other.close();
        engine.close();
        database.close();
    }

    private Webhook disabled(Map<String, String> labels) {
        Webhook webhook = engine.webhook("http://127.0.0.1:1/", labels);
        engine.patch(webhook, State.DISABLED);
        return webhook;
    }

    private void mail(Map<String, String> labels) {
        engine.mail(
                new DeliveryEngine.Arrival(
                        account,
                        "INBOX",
                        labels,
                        "{\"type\":\"mail.new\",\"data\":{\"newCount\":1}}"));
    }

    private UUID pending(Webhook webhook) {
        return engine.rows(webhook).stream()
                .filter(row -> row.status().equals("pending"))
                .findFirst()
                .orElseThrow()
                .id();
    }

    private void change(String sql, UUID id) throws SQLException {
        try (PreparedStatement statement = other.prepareStatement(sql)) {
            statement.setObject(1, id);
            assertThat(statement.executeUpdate()).isOne();
        }
    }

    private void awaitWaiting(CompletableFuture<?> work) {
        await().until(() -> work.isDone() || TestDatabase.waitingForLocks(database.jdbi()) > 0);
        assertThat(work).isNotDone();
    }

    private boolean isLocked(UUID delivery) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select id from delivery where id = ? for update skip locked")
                                .bind(0, delivery)
                                .mapTo(UUID.class)
                                .findOne()
                                .isEmpty());
    }

    @Test
    void enabling_a_webhook_locks_its_deliveries_before_it() throws Exception {
        Webhook webhook = disabled(Map.of("a", "1"));
        mail(Map.of("a", "1"));
        UUID delivery = pending(webhook);
        change(
                "update delivery set next_attempt_at = now() + interval '1 day' where id = ?",
                delivery);
        other.commit();
        change(TOUCH, delivery);
        CompletableFuture<Void> enabled =
                CompletableFuture.runAsync(() -> engine.patch(webhook, State.ENABLED));
        awaitWaiting(enabled);
        change("update webhook set failures = 1 where id = ?", webhook.id());
        other.commit();
        enabled.join();
        assertThat(engine.now(webhook).state()).isNotEqualTo(State.DISABLED);
    }

    @Test
    void merging_locks_deliveries_in_the_order_of_their_ids() throws Exception {
        Webhook first = disabled(Map.of("a", "1"));
        Webhook second = disabled(Map.of("b", "1"));
        mail(Map.of("b", "1"));
        mail(Map.of("a", "1"));
        UUID earlier = pending(second);
        change(TOUCH, pending(first));
        CompletableFuture<Void> merged =
                CompletableFuture.runAsync(() -> mail(Map.of("a", "1", "b", "1")));
        awaitWaiting(merged);
        assertThat(isLocked(earlier)).isTrue();
        other.commit();
        merged.join();
        for (Webhook webhook : List.of(first, second)) {
            assertThat(engine.statuses(webhook)).containsExactlyInAnyOrder("superseded", "pending");
        }
    }

    @Test
    void outcomes_lock_later_deliveries_of_the_mailbox_in_the_order_of_ids() throws Exception {
        Webhook first = disabled(Map.of("a", "1"));
        Webhook second = disabled(Map.of("b", "1"));
        List<AttemptOutcome> batch = List.of(refused(first), refused(second));
        mail(Map.of("b", "1"));
        mail(Map.of("a", "1"));
        UUID earlier = pending(second);
        change(TOUCH, pending(first));
        OutcomeTable outcomeTable = new OutcomeTable(database, () -> Duration.ofDays(5));
        CompletableFuture<Void> written =
                CompletableFuture.runAsync(() -> outcomeTable.write(batch));
        awaitWaiting(written);
        assertThat(isLocked(earlier)).isTrue();
        other.commit();
        written.join();
    }

    private AttemptOutcome refused(Webhook webhook) {
        Instant now = engine.clock.instant();
        return new AttemptOutcome(
                webhook,
                new Delivery(Ids.next(), webhook.id(), account, "INBOX", 1, 0, now, "{}", true),
                new ShardFence(1, 0),
                new Attempt(
                        now,
                        Duration.ZERO,
                        500,
                        "",
                        "the receiver answered 500",
                        null,
                        Attempt.Fault.REFUSED),
                now.plus(Duration.ofHours(1)),
                Snapshot.GOOD);
    }
}
