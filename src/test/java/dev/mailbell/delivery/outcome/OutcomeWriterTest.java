package dev.mailbell.delivery.outcome;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.DeliveryEngine;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.OutcomeWriter.PendingOutcome;
import dev.mailbell.event.Ids;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outcomes that the database refuses, or takes without saying so. */
class OutcomeWriterTest {
    private static final Database DATABASE = TestDatabase.create();

    @TempDir static Path keys;

    private final OutcomeTable outcomeTable = new OutcomeTable(DATABASE, () -> Duration.ofDays(5));
    private final Set<UUID> written = ConcurrentHashMap.newKeySet();
    private final Set<UUID> fenced = ConcurrentHashMap.newKeySet();

    /** The epoch of the shard when the attempts began. */
    private long epoch;

    private DeliveryEngine engine;
    private Webhook webhook;

    @BeforeEach
    void open() {
        engine = new DeliveryEngine(DATABASE, keys);
        // Nothing is sent by the queues: the outcomes here are made up.
        webhook = engine.webhook("http://127.0.0.1:1/");
        engine.patch(webhook, State.DISABLED);
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            create or replace function refuse() returns trigger language plpgsql as
                            $$ begin raise exception 'no 299 here'; end $$\
                            """);
                    handle.execute(
                            """
                            create trigger refuse before insert on attempt
                                for each row when (new.status = 299) execute function refuse()\
                            """);
                });
    }

    @AfterEach
    void close() throws Exception {
        engine.close();
        DATABASE.jdbi()
                .useHandle(handle -> {
                    handle.execute("drop trigger if exists refuse on attempt");
                    handle.execute("delete from webhook");
                });
    }

    /** Without a lock of the table, which the writer uses in another order. */
    private static void allowAll() {
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                create or replace function refuse() returns trigger language plpgsql as
                                $$ begin return new; end $$\
                                """));
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    private List<Delivery> pending(int count) {
        for (int i = 0; i < count; i++) {
            engine.mail(webhook, Ids.next(), "INBOX", 1);
        }
        List<Delivery> pending = new ArrayList<>();
        for (DeliveryEngine.Row row : engine.rows(webhook)) {
            pending.add(
                    new Delivery(
                            row.id(),
                            webhook.id(),
                            null,
                            null,
                            1,
                            row.attempts(),
                            engine.clock.instant(),
                            row.body(),
                            false));
        }
        return pending;
    }

    private AttemptOutcome outcome(Delivery delivery, int status, @Nullable String answer) {
        boolean taken = status < 300;
        return new AttemptOutcome(
                webhook,
                delivery,
                new ShardFence(1, epoch),
                new Attempt(
                        engine.clock.instant(),
                        Duration.ofMillis(5),
                        status,
                        answer,
                        taken ? null : "the receiver answered " + status,
                        null,
                        taken ? null : Attempt.Fault.REFUSED),
                null,
                Snapshot.GOOD);
    }

    private PendingOutcome pendingOutcome(AttemptOutcome outcome) {
        return new PendingOutcome(
                outcome,
                () -> written.add(outcome.delivery().id()),
                () -> fenced.add(outcome.delivery().id()));
    }

    private List<String> statuses() {
        return engine.statuses(webhook);
    }

    @Test
    void one_refused_row_is_set_aside_and_the_others_of_its_batch_are_written() throws Exception {
        List<Delivery> pending = pending(12);
        OutcomeWriter writer =
                new OutcomeWriter(
                        outcomeTable, changes -> {}, new DatabaseThrottle(), Duration.ofMillis(50));
        // All are one batch, because the writer begins after them.
        for (int i = 0; i < pending.size(); i++) {
            writer.submit(pendingOutcome(outcome(pending.get(i), i == 7 ? 299 : 204, "")));
        }
        writer.start();
        await().until(() -> written.size() == 11);
        assertThat(written).doesNotContain(pending.get(7).id());
        assertThat(statuses()).filteredOn("pending"::equals).hasSize(1);
        // Later outcomes pass it by, and it is written once the database takes it.
        Delivery next = pending(1).getLast();
        writer.submit(pendingOutcome(outcome(next, 204, "")));
        await().until(() -> written.contains(next.id()));
        assertThat(written).doesNotContain(pending.get(7).id());
        allowAll();
        await().until(() -> written.contains(pending.get(7).id()));
        assertThat(statuses()).hasSize(13).containsOnly("delivered");
        assertThat(writer.stop(Duration.ofMinutes(1))).isTrue();
    }

    @Test
    void an_outcome_whose_text_is_refused_is_written_without_it() throws Exception {
        List<Delivery> pending = pending(3);
        OutcomeWriter writer =
                new OutcomeWriter(outcomeTable, changes -> {}, new DatabaseThrottle());
        writer.submit(pendingOutcome(outcome(pending.get(0), 204, "fine")));
        writer.submit(pendingOutcome(outcome(pending.get(1), 204, "no \0 in PostgreSQL")));
        writer.submit(pendingOutcome(outcome(pending.get(2), 500, "no \0 here either")));
        writer.start();
        await().until(() -> written.size() == 3);
        assertThat(statuses()).containsExactly("delivered", "delivered", "failed");
        assertThat(writer.stop(Duration.ofMinutes(1))).isTrue();
    }

    @Test
    void outcomes_whose_commit_was_not_answered_count_once_when_they_are_written_again() {
        List<Delivery> pending = pending(3);
        List<AttemptOutcome> batch =
                List.of(
                        outcome(pending.get(0), 500, ""),
                        outcome(pending.get(1), 500, ""),
                        outcome(pending.get(2), 410, ""));
        outcomeTable.write(batch);
        Webhook once = engine.now(webhook);
        assertThat(once.health().failures()).isEqualTo(3);
        assertThat(outcomeTable.write(batch).changed())
                .singleElement()
                .satisfies(changed -> assertThat(changed.health()).isEqualTo(once.health()));
        assertThat(engine.now(webhook).health()).isEqualTo(once.health());
        assertThat(statuses()).containsOnly("failed");
    }

    @Test
    void outcomes_whose_shard_another_node_has_taken_are_dropped_and_the_others_written()
            throws Exception {
        List<Delivery> pending = pending(3);
        OutcomeWriter writer =
                new OutcomeWriter(outcomeTable, changes -> {}, new DatabaseThrottle());
        writer.submit(pendingOutcome(outcome(pending.get(0), 500, "")));
        epoch = 7;
        writer.submit(pendingOutcome(outcome(pending.get(1), 500, "")));
        writer.submit(pendingOutcome(outcome(pending.get(2), 204, "")));
        writer.start();
        await().until(() -> fenced.size() == 2 && written.size() == 1);
        assertThat(written).containsExactly(pending.get(0).id());
        assertThat(statuses()).containsExactly("failed", "pending", "pending");
        assertThat(engine.attempts(webhook)).isOne();
        assertThat(engine.now(webhook).health().failures()).isOne();
        assertThat(writer.stop(Duration.ofMinutes(1))).isTrue();
    }

    @Test
    void a_count_of_failures_stays_at_the_maximum() {
        List<Delivery> pending = pending(1);
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update webhook set failures = 2147483647 where id = ?",
                                webhook.id()));
        outcomeTable.write(List.of(outcome(pending.getFirst(), 500, "")));
        assertThat(engine.now(webhook).health().failures()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void a_success_is_written_while_failures_wait_for_the_throttle() throws Exception {
        List<Delivery> pending = pending(2);
        DatabaseThrottle throttle = new DatabaseThrottle();
        CountDownLatch working = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Thread other =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                throttle.run(() -> {
                                    working.countDown();
                                    await().until(() -> end.getCount() == 0);
                                    return true;
                                });
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        working.await();
        OutcomeWriter writer = new OutcomeWriter(outcomeTable, changes -> {}, throttle);
        writer.start();
        writer.submit(pendingOutcome(outcome(pending.get(0), 500, "")));
        writer.submit(pendingOutcome(outcome(pending.get(1), 204, "")));
        await().until(() -> written.contains(pending.get(1).id()));
        assertThat(written).doesNotContain(pending.get(0).id());
        end.countDown();
        other.join();
        await().until(() -> written.contains(pending.get(0).id()));
        assertThat(writer.stop(Duration.ofMinutes(1))).isTrue();
    }

    @Test
    void a_submit_after_the_stop_does_not_block() throws Exception {
        Delivery late = pending(1).getFirst();
        OutcomeWriter writer =
                new OutcomeWriter(outcomeTable, changes -> {}, new DatabaseThrottle());
        writer.start();
        assertThat(writer.stop(Duration.ofMinutes(1))).isTrue();
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> writer.submit(pendingOutcome(outcome(late, 204, ""))));
        assertThat(statuses()).containsExactly("pending");
    }
}
