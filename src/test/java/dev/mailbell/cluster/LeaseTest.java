package dev.mailbell.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LeaseTest {
    private final Database database = TestDatabase.create(3);
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong wallMillis = new AtomicLong();
    private final AtomicBoolean reachable = new AtomicBoolean(true);
    private final InstantSource clock = () -> Instant.EPOCH.plusMillis(wallMillis.get());

    @AfterEach
    void close() {
        database.close();
    }

    private Lease take(Node node) {
        return Lease.take(
                patience -> {
                    if (!reachable.get()) {
                        throw new SQLException("no route", "08001");
                    }
                    return database.ownConnection(patience);
                },
                node,
                nanos::get,
                clock,
                Duration.ZERO);
    }

    private static Node node(String name) {
        return new Node(UUID.randomUUID(), name, 4711, false);
    }

    private void expire() {
        database.jdbi()
                .useHandle(handle ->
                        handle.execute("update node_lease set expires_at = clock_timestamp()"));
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
        wallMillis.addAndGet(time.toMillis());
    }

    @Test
    void a_second_daemon_is_refused_with_the_holders_name() {
        try (Lease first = take(node("mail-1"))) {
            assertThat(first.held()).isTrue();
            assertThatExceptionOfType(LeaseRefusedException.class)
                    .isThrownBy(() -> take(node("mail-2")))
                    .withMessageContaining("host mail-1, process 4711, since 2")
                    .withMessageContaining("Stop that daemon")
                    .withMessageContaining("database.url");
            first.renew();
            assertThat(first.held()).isTrue();
        }
    }

    @Test
    void a_released_lease_is_free_at_once_and_epochs_only_grow() {
        Lease first = take(node("one"));
        long epoch = first.epoch();
        first.close();
        try (Lease second = take(node("two"))) {
            assertThat(second.epoch()).isGreaterThan(epoch);
        }
    }

    @Test
    void a_daemon_that_cannot_renew_stops_before_another_may_start() {
        try (Lease lease = take(node("one"))) {
            reachable.set(false);
            pass(Lease.FENCE.minusMillis(1));
            lease.renew();
            assertThat(lease.held()).isTrue();
            pass(Duration.ofMillis(1));
            assertThat(lease.held()).isFalse();
            assertThat(Lease.FENCE).isLessThan(Lease.LIFE);

            reachable.set(true);
            lease.renew();
            assertThat(lease.held()).isTrue();
            assertThat(lease.lost()).isNotDone();
        }
    }

    @Test
    void a_machine_that_slept_does_not_trust_its_monotonic_clock() {
        try (Lease lease = take(node("one"))) {
            wallMillis.addAndGet(Duration.ofMinutes(10).toMillis());
            assertThat(lease.held()).isFalse();
            lease.renew();
            assertThat(lease.held()).isTrue();
        }
    }

    @Test
    void an_expired_lease_that_no_other_took_continues_with_a_new_epoch() {
        try (Lease lease = take(node("one"))) {
            long before = lease.epoch();
            expire();
            pass(Duration.ofMinutes(1));
            assertThat(lease.held()).isFalse();
            lease.renew();
            assertThat(lease.held()).isTrue();
            assertThat(lease.epoch()).isGreaterThan(before);
        }
    }

    @Test
    void a_daemon_that_was_replaced_never_holds_the_lease_again() {
        try (Lease frozen = take(node("frozen"))) {
            expire();
            try (Lease next = take(node("next"))) {
                frozen.renew();
                assertThat(frozen.held()).isFalse();
                assertThat(frozen.lost().join()).contains("host next").contains("took over");
                next.close();
            }
            frozen.renew();
            assertThat(frozen.held()).isFalse();
        }
    }

    @Test
    void the_close_of_a_replaced_daemon_leaves_the_new_holder_its_lease() {
        Lease old = take(node("old"));
        expire();
        try (Lease next = take(node("next"))) {
            old.close();
            next.renew();
            assertThat(next.held()).isTrue();
            assertThatExceptionOfType(LeaseRefusedException.class)
                    .isThrownBy(() -> take(node("third")));
        }
    }

    @Test
    void a_daemon_alone_with_its_database_takes_over_from_its_dead_predecessor_at_once() {
        Lease dead = take(new Node(UUID.randomUUID(), "same", 1, true));
        try (Lease next = take(new Node(UUID.randomUUID(), "same", 2, true))) {
            assertThat(next.epoch()).isGreaterThan(dead.epoch());
        }
    }

    @Test
    void a_heartbeat_stays_within_its_page() {
        try (Lease lease = take(node("one"))) {
            for (int i = 0; i < 300; i++) {
                lease.renew();
            }
            long size =
                    database.jdbi()
                            .withHandle(handle ->
                                    handle.createQuery("select pg_relation_size('node_lease')")
                                            .mapTo(Long.class)
                                            .one());
            assertThat(size).isEqualTo(8192);
        }
    }

    @Test
    void a_late_renewal_does_not_take_a_released_lease_again() {
        Lease first = take(node("mail-1"));
        first.close();
        first.renew();
        try (Lease second = take(node("mail-2"))) {
            assertThat(second.held()).isTrue();
        }
    }

    @Test
    void a_start_waits_for_the_lease_of_a_daemon_that_may_be_dead() throws Exception {
        Lease dead = take(node("mail-1"));
        FutureTask<Lease> start =
                new FutureTask<>(() ->
                        Lease.take(
                                database::ownConnection,
                                node("mail-2"),
                                nanos::get,
                                clock,
                                Lease.TAKE_TIMEOUT));
        Thread thread = Thread.ofVirtual().start(start);
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        expire();
        try (Lease next = start.get()) {
            assertThat(next.held()).isTrue();
            assertThat(next.epoch()).isEqualTo(dead.epoch() + 1);
        }
    }
}
