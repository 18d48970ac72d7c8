package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DailyPartitionsTest {
    private static final UUID CLIENT = UUID.fromString("00000000-0000-7000-8000-000000000000");
    private static final Duration DAYS_14 = Duration.ofDays(14);
    private static final String LOCK_TIMEOUT = "55P03";

    /** Far longer than three nodes wait for each other. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Instant start = Instant.now();
    private Instant now = start;
    private Database database;
    private Jdbi jdbi;
    private DailyPartitions logs;

    @BeforeEach
    void open() {
        database = TestDatabase.create();
        jdbi = database.jdbi();
        logs = new DailyPartitions(jdbi, () -> now);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private static LocalDate day(Instant instant) {
        return LocalDate.ofInstant(instant, ZoneOffset.UTC);
    }

    private static String name(String table, Instant instant) {
        return table + "_" + day(instant).toString().replace("-", "");
    }

    /** A UUIDv7 of a time. */
    private static UUID id(Instant at, int number) {
        return new UUID(at.toEpochMilli() << 16 | 0x7000, 0x8000_0000_0000_0000L | number);
    }

    private static void event(Jdbi jdbi, UUID id) {
        jdbi.useHandle(handle ->
                handle.execute(
                        "insert into event (id, client_id, type, created_at, payload) values (?, ?, 'mail.new', now(), '{}')",
                        id,
                        CLIENT));
    }

    private static void delivery(Jdbi jdbi, UUID webhook, UUID id, UUID event, String status) {
        jdbi.useHandle(handle ->
                handle.execute(
                        """
                        insert into delivery (id, webhook_id, event_id, shard, status, next_attempt_at, created_at, completed_at)
                        values (?, ?, ?, 0, ?, now(), now(), case when ? <> 'pending' then now() end)\
                        """,
                        id,
                        webhook,
                        event,
                        status,
                        status));
    }

    private void attempt(UUID delivery) {
        jdbi.useHandle(handle ->
                handle.execute(
                        "insert into attempt (delivery_id, number, at, duration_ms) values (?, 1, now(), 5)",
                        delivery));
    }

    private String partitionOf(String table, String key, UUID id) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                "select tableoid::regclass::text from "
                                        + table
                                        + " where "
                                        + key
                                        + " = :id")
                        .bind("id", id)
                        .mapTo(String.class)
                        .one());
    }

    private static long count(Jdbi jdbi, String query) {
        return jdbi.withHandle(handle -> handle.createQuery(query).mapTo(Long.class).one());
    }

    @Test
    void rows_are_in_the_partition_of_their_ids_day() {
        UUID event = id(start, 1);
        UUID delivery = id(start, 2);
        event(jdbi, event);
        delivery(jdbi, UUID.randomUUID(), delivery, event, "pending");
        attempt(delivery);
        assertThat(partitionOf("event", "id", event)).isEqualTo(name("event", start));
        assertThat(partitionOf("delivery", "id", delivery)).isEqualTo(name("delivery", start));
        assertThat(partitionOf("attempt", "delivery_id", delivery))
                .isEqualTo(name("attempt", start));
    }

    @Test
    void two_days_are_created_ahead_once_by_any_number_of_nodes() throws Exception {
        now = start.plus(Duration.ofDays(30));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Void> make =
                    () -> {
                        makeAheadAtLast();
                        return null;
                    };
            for (var made : threads.invokeAll(List.of(make, make, make))) {
                made.get();
            }
        }
        for (String table : List.of("event", "delivery", "attempt", "audit")) {
            assertThat(logs.partitions(table))
                    .contains(name(table, now), name(table, now.plus(Duration.ofDays(2))))
                    .doesNotContain(name(table, now.plus(Duration.ofDays(3))));
        }
    }

    /** As a node does: where the lock timeout is too short, it tries again later. */
    private void makeAheadAtLast() {
        long begun = System.nanoTime();
        while (true) {
            try {
                logs.makeAhead();
                return;
            } catch (UnableToExecuteStatementException e) {
                if (System.nanoTime() - begun > PATIENCE.toNanos()
                        || !(e.getCause() instanceof SQLException refused)
                        || !LOCK_TIMEOUT.equals(refused.getSQLState())) {
                    throw e;
                }
            }
        }
    }

    @Test
    void rows_of_a_day_without_a_partition_move_into_it_when_it_is_created() {
        Instant far = start.plus(Duration.ofDays(40));
        UUID event = id(far, 1);
        event(jdbi, event);
        assertThat(partitionOf("event", "id", event)).isEqualTo("event_default");
        now = far;
        logs.makeAhead();
        assertThat(partitionOf("event", "id", event)).isEqualTo(name("event", far));
    }

    @Test
    void days_are_dropped_when_all_their_rows_are_older_than_the_retention_time() {
        UUID webhook = UUID.randomUUID();
        UUID event = id(start, 1);
        UUID delivery = id(start, 2);
        event(jdbi, event);
        delivery(jdbi, webhook, delivery, event, "delivered");
        attempt(delivery);
        now = start.plus(DAYS_14);
        assertThat(logs.drop(DAYS_14, DAYS_14).partitions())
                .contains(name("event", start.minus(Duration.ofDays(1))))
                .doesNotContain(name("event", start));
        assertThat(count(jdbi, "select count(*) from event")).isOne();
        now = start.plus(Duration.ofDays(15));
        assertThat(logs.drop(DAYS_14, Duration.ofDays(20)).partitions())
                .containsExactly(name("event", start));
        assertThat(count(jdbi, "select count(*) from event")).isZero();
        assertThat(count(jdbi, "select count(*) from attempt")).isOne();
        assertThat(logs.drop(DAYS_14, DAYS_14).partitions())
                .contains(name("delivery", start), name("attempt", start));
        assertThat(count(jdbi, "select count(*) from delivery")).isZero();
        assertThat(count(jdbi, "select count(*) from attempt")).isZero();
        logs.makeAhead();
    }

    @Test
    void days_of_the_audit_log_are_dropped_after_their_own_retention_time() {
        jdbi.useHandle(handle ->
                handle.execute(
                        """
                        insert into audit (id, at, key_id, key_name, action, resource, remote_address, status)
                        values (?, now(), 'k', 'k', 'a', 'r', '::1', 200)\
                        """,
                        id(start, 1)));
        assertThat(partitionOf("audit", "id", id(start, 1))).isEqualTo(name("audit", start));
        now = start.plus(DAYS_14);
        logs.drop(DAYS_14, DAYS_14);
        assertThat(logs.dropAudit(DAYS_14)).doesNotContain(name("audit", start));
        now = start.plus(Duration.ofDays(15));
        assertThat(logs.dropAudit(DAYS_14)).contains(name("audit", start));
        assertThat(count(jdbi, "select count(*) from audit")).isZero();
    }

    @Test
    void a_delivery_still_pending_after_the_retention_time_becomes_failed() {
        UUID webhook = UUID.randomUUID();
        Instant evening = day(start).plusDays(1).atStartOfDay().toInstant(ZoneOffset.UTC);
        UUID early = id(evening.minusMillis(1), 1);
        UUID late = id(evening, 2);
        event(jdbi, early);
        event(jdbi, late);
        delivery(jdbi, webhook, id(evening.minusMillis(1), 3), early, "pending");
        // Its event is of the day before, and goes a day earlier.
        delivery(jdbi, webhook, id(evening, 4), early, "pending");
        delivery(jdbi, webhook, id(evening, 5), late, "pending");
        now = evening.plus(DAYS_14);
        assertThat(logs.drop(DAYS_14, DAYS_14).undelivered()).isEqualTo(2);
        assertThat(count(jdbi, "select count(*) from delivery where status = 'failed'")).isOne();
        assertThat(count(jdbi, "select count(*) from delivery where status = 'pending'")).isOne();
    }

    @Test
    void the_days_of_java_and_of_postgresql_are_the_same() {
        LocalDate today = day(start);
        UUID floor =
                jdbi.withHandle(handle ->
                        handle.createQuery("select log_day_floor(:day)")
                                .bind("day", today)
                                .mapTo(UUID.class)
                                .one());
        assertThat(floor).isEqualTo(DailyPartitions.floor(today));
    }
}
