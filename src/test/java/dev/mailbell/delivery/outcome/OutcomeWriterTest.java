package dev.mailbell.delivery.outcome;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.delivery.Engine;
import dev.mailbell.delivery.endpoint.EndpointHealth.Gate;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.OutcomeTable.Ended;
import dev.mailbell.delivery.outcome.OutcomeWriter.Completion;
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

    private final OutcomeTable completions = new OutcomeTable(DATABASE, () -> Duration.ofDays(5));
    private final Set<UUID> written = ConcurrentHashMap.newKeySet();
    private Engine engine;
    private Webhook webhook;

    @BeforeEach
    void open() {
        engine = new Engine(DATABASE, keys);
        // Nothing is sent by the lanes: the outcomes here are made up.
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
        allowAll();
        DATABASE.jdbi().useHandle(handle -> handle.execute("delete from webhook"));
    }

    private static void allowAll() {
        DATABASE.jdbi()
                .useHandle(handle -> handle.execute("drop trigger if exists refuse on attempt"));
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
        for (Engine.Row row : engine.rows(webhook)) {
            pending.add(
                    new Delivery(
                            row.id(),
                            webhook.id(),
                            null,
                            null,
                            row.attempts(),
                            engine.clock.instant(),
                            row.body(),
                            false));
        }
        return pending;
    }

    private Ended ended(Delivery delivery, int status, @Nullable String answer) {
        boolean taken = status < 300;
        return new Ended(
                webhook,
                delivery,
                new Attempt(
                        engine.clock.instant(),
                        Duration.ofMillis(5),
                        status,
                        answer,
                        taken ? null : "the receiver answered " + status,
                        null,
                        taken ? null : Attempt.Fault.REFUSED),
                null,
                new Gate(null, null, 0));
    }

    private Completion completion(Ended ended) {
        return new Completion(ended, () -> written.add(ended.delivery().id()));
    }

    private List<String> statuses() {
        return engine.statuses(webhook);
    }

    @Test
    void one_row_that_is_refused_is_set_aside_and_the_others_of_its_batch_are_written()
            throws Exception {
        List<Delivery> pending = pending(12);
        OutcomeWriter completer =
                new OutcomeWriter(
                        completions, changes -> {}, new DatabaseThrottle(), Duration.ofMillis(50));
        // All are one batch, because the writer begins after them.
        for (int i = 0; i < pending.size(); i++) {
            completer.submit(completion(ended(pending.get(i), i == 7 ? 299 : 204, "")));
        }
        completer.start();
        await().until(() -> written.size() == 11);
        assertThat(written).doesNotContain(pending.get(7).id());
        assertThat(statuses()).filteredOn("pending"::equals).hasSize(1);
        // Later outcomes pass it by, and it is written once the database takes it.
        Delivery next = pending(1).getLast();
        completer.submit(completion(ended(next, 204, "")));
        await().until(() -> written.contains(next.id()));
        assertThat(written).doesNotContain(pending.get(7).id());
        allowAll();
        await().until(() -> written.contains(pending.get(7).id()));
        assertThat(statuses()).hasSize(13).containsOnly("delivered");
        assertThat(completer.stop(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void an_outcome_whose_text_is_refused_is_written_without_it() throws Exception {
        List<Delivery> pending = pending(3);
        OutcomeWriter completer =
                new OutcomeWriter(completions, changes -> {}, new DatabaseThrottle());
        completer.submit(completion(ended(pending.get(0), 204, "fine")));
        completer.submit(completion(ended(pending.get(1), 204, "no \0 in PostgreSQL")));
        completer.submit(completion(ended(pending.get(2), 500, "no \0 here either")));
        completer.start();
        await().until(() -> written.size() == 3);
        assertThat(statuses()).containsExactly("delivered", "delivered", "failed");
        assertThat(completer.stop(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void outcomes_whose_commit_was_not_answered_count_once_when_they_are_written_again() {
        List<Delivery> pending = pending(3);
        List<Ended> batch =
                List.of(
                        ended(pending.get(0), 500, ""),
                        ended(pending.get(1), 500, ""),
                        ended(pending.get(2), 410, ""));
        completions.write(batch);
        Webhook once = engine.now(webhook);
        assertThat(once.health().failures()).isEqualTo(3);
        assertThat(completions.write(batch).changed())
                .singleElement()
                .satisfies(changed -> assertThat(changed.health()).isEqualTo(once.health()));
        assertThat(engine.now(webhook).health()).isEqualTo(once.health());
        assertThat(statuses()).containsOnly("failed");
    }

    @Test
    void a_count_of_failures_ends_at_the_greatest() {
        List<Delivery> pending = pending(1);
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update webhook set failures = 2147483647 where id = ?",
                                webhook.id()));
        completions.write(List.of(ended(pending.getFirst(), 500, "")));
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
        OutcomeWriter completer = new OutcomeWriter(completions, changes -> {}, throttle);
        completer.start();
        completer.submit(completion(ended(pending.get(0), 500, "")));
        completer.submit(completion(ended(pending.get(1), 204, "")));
        await().until(() -> written.contains(pending.get(1).id()));
        assertThat(written).doesNotContain(pending.get(0).id());
        end.countDown();
        other.join();
        await().until(() -> written.contains(pending.get(0).id()));
        assertThat(completer.stop(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void a_sender_whose_outcome_comes_behind_the_stop_does_not_wait_for_ever() throws Exception {
        Delivery late = pending(1).getFirst();
        OutcomeWriter completer =
                new OutcomeWriter(completions, changes -> {}, new DatabaseThrottle());
        completer.start();
        assertThat(completer.stop(Duration.ofSeconds(30))).isTrue();
        assertThatExceptionOfType(InterruptedException.class)
                .isThrownBy(() -> completer.submit(completion(ended(late, 204, ""))));
        assertThat(statuses()).containsExactly("pending");
    }
}
