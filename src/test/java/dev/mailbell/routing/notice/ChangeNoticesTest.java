package dev.mailbell.routing.notice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ChangeNoticesTest {
    private static final Database DATABASE = TestDatabase.create();
    private static final Duration NEVER = Duration.ofDays(1);

    private final List<Connection> opened = new CopyOnWriteArrayList<>();
    private final AtomicBoolean active = new AtomicBoolean(true);
    private final Map<UUID, AtomicInteger> seen = new ConcurrentHashMap<>();
    private final AtomicInteger allChanged = new AtomicInteger();
    private final List<ChangeNotices> readers = new ArrayList<>();

    @AfterEach
    void close() {
        readers.forEach(ChangeNotices::close);
    }

    @AfterAll
    static void drop() {
        DATABASE.close();
    }

    /**
     * A statement of a busy machine may take longer than the reader's patience, and a new
     * connection reads notices again.
     */
    private Connection open(Duration patience) throws SQLException {
        Connection connection = DATABASE.ownConnection(patience.multipliedBy(20));
        opened.add(connection);
        return connection;
    }

    private ChangeNotices reader(int pageSize, Duration absence) {
        ChangeNotices notices =
                new ChangeNotices(this::open, active::get, () -> false, pageSize, absence);
        notices.on(
                Set.of(NoticeKind.API_KEY),
                ids -> ids.forEach(this::saw),
                allChanged::incrementAndGet);
        readers.add(notices);
        return notices;
    }

    private ChangeNotices started() {
        ChangeNotices notices = reader(10, NEVER);
        notices.start();
        return notices;
    }

    private void saw(UUID id) {
        seen.computeIfAbsent(id, it -> new AtomicInteger()).incrementAndGet();
    }

    private void awaitSeen(UUID... ids) {
        await().untilAsserted(() -> assertThat(seen).containsKeys(ids));
    }

    /** A notice without a notification. */
    private static UUID quietly() {
        UUID id = UUID.randomUUID();
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "insert into change_notice (kind, subject) values ('api_key', ?)",
                                id));
        return id;
    }

    private static UUID loudly() {
        UUID id = UUID.randomUUID();
        DATABASE.jdbi().useTransaction(handle -> NoticeTable.add(handle, NoticeKind.API_KEY, id));
        return id;
    }

    @Test
    void a_change_is_passed_on_and_one_before_the_start_is_not() {
        UUID before = loudly();
        started();
        UUID after = loudly();
        awaitSeen(after);
        assertThat(seen).doesNotContainKey(before);
        assertThat(allChanged).hasValue(0);
    }

    @Test
    void a_start_whose_first_connection_is_too_slow_tries_again() {
        AtomicInteger tries = new AtomicInteger();
        ChangeNotices notices =
                new ChangeNotices(
                        patience -> {
                            if (tries.incrementAndGet() == 1) {
                                throw timedOut();
                            }
                            return open(patience);
                        },
                        () -> true,
                        () -> false,
                        10,
                        NEVER);
        readers.add(notices);
        notices.on(Set.of(NoticeKind.API_KEY), ids -> ids.forEach(this::saw), () -> {});
        notices.start();
        awaitSeen(loudly());
        assertThat(tries).hasValue(2);
    }

    @Test
    void a_start_that_fails_says_why_and_leaves_nothing_that_cannot_be_closed() {
        ChangeNotices notices =
                new ChangeNotices(
                        patience -> {
                            throw timedOut();
                        },
                        () -> true,
                        () -> false);
        assertThatThrownBy(notices::start)
                .isInstanceOf(DatabaseException.class)
                .hasMessage("the changes of other nodes cannot be read: too slow");
        notices.close();
    }

    private static SQLException timedOut() {
        return new SQLException("too slow", "08001");
    }

    @Test
    void a_change_whose_notification_was_lost_is_found() {
        started();
        awaitSeen(quietly());
    }

    @Test
    void a_change_is_found_after_the_connection_was_cut() throws SQLException {
        started();
        awaitSeen(loudly());
        int pid = opened.getLast().unwrap(org.postgresql.PGConnection.class).getBackendPID();
        UUID unheard =
                DATABASE.jdbi()
                        .inTransaction(handle -> {
                            handle.createQuery("select pg_terminate_backend(:pid)")
                                    .bind("pid", pid)
                                    .mapTo(Boolean.class)
                                    .one();
                            UUID id = UUID.randomUUID();
                            NoticeTable.add(handle, NoticeKind.API_KEY, id);
                            return id;
                        });
        awaitSeen(unheard);
        assertThat(opened).hasSizeGreaterThan(1);
        awaitSeen(quietly(), loudly());
    }

    @Test
    void a_transaction_that_commits_late_is_not_missed_and_holds_up_no_other() throws SQLException {
        started();
        UUID late = UUID.randomUUID();
        try (Connection slow = DATABASE.dataSource().getConnection()) {
            slow.setAutoCommit(false);
            try (var statement =
                    slow.prepareStatement(
                            "insert into change_notice (kind, subject) values ('api_key', ?)")) {
                statement.setObject(1, late);
                statement.execute();
            }
            for (int i = 0; i < 3; i++) {
                awaitSeen(loudly());
            }
            assertThat(seen).doesNotContainKey(late);
            slow.commit();
        }
        awaitSeen(late);
    }

    @Test
    void many_changes_are_passed_on_page_by_page_each_once() {
        started();
        List<UUID> ids = new ArrayList<>();
        DATABASE.jdbi()
                .useTransaction(handle -> {
                    for (int i = 0; i < 95; i++) {
                        UUID id = UUID.randomUUID();
                        ids.add(id);
                        NoticeTable.add(handle, NoticeKind.API_KEY, id);
                    }
                });
        awaitSeen(ids.toArray(UUID[]::new));
        awaitSeen(loudly());
        assertThat(ids).allSatisfy(id -> assertThat(seen.get(id)).hasValue(1));
    }

    @Test
    void a_listener_that_fails_gets_the_change_again_and_the_others_get_theirs() {
        ChangeNotices notices = reader(10, NEVER);
        AtomicInteger failures = new AtomicInteger();
        notices.on(
                Set.of(NoticeKind.API_KEY),
                ids -> {
                    failures.incrementAndGet();
                    throw new IllegalStateException("as the test wants");
                },
                () -> {});
        AtomicInteger others = new AtomicInteger();
        notices.on(Set.of(NoticeKind.API_KEY), ids -> others.incrementAndGet(), () -> {});
        notices.start();
        UUID id = loudly();
        await().untilAsserted(() -> assertThat(others).hasPositiveValue());
        assertThat(failures.get()).isGreaterThan(1);
        assertThat(seen).containsKey(id);
    }

    @Test
    void a_node_that_may_not_act_gets_its_changes_later() {
        active.set(false);
        started();
        UUID meanwhile = quietly();
        UUID other = loudly();
        active.set(true);
        awaitSeen(meanwhile, other);
        assertThat(allChanged).hasValue(0);
    }

    @Test
    void a_node_that_was_away_for_long_reads_everything_again() {
        active.set(false);
        ChangeNotices notices = reader(10, Duration.ofMillis(1));
        notices.start();
        UUID missed = loudly();
        active.set(true);
        await().untilAsserted(() -> assertThat(allChanged).hasPositiveValue());
        assertThat(seen).doesNotContainKey(missed);
    }

    @Test
    void a_part_that_fails_to_read_everything_again_is_called_again() {
        ChangeNotices notices =
                new ChangeNotices(this::open, () -> true, () -> false, 10, Duration.ofMillis(1));
        readers.add(notices);
        AtomicInteger calls = new AtomicInteger();
        notices.on(
                Set.of(NoticeKind.API_KEY),
                ids -> {},
                () -> {
                    if (calls.incrementAndGet() == 1) {
                        throw new IllegalStateException("as the test wants");
                    }
                });
        notices.start();
        await().untilAsserted(() -> assertThat(calls.get()).isGreaterThan(1));
    }

    @Test
    void old_notices_are_deleted_and_others_stay() throws SQLException {
        UUID old = quietly();
        UUID fresh = quietly();
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update change_notice set at = at - interval '16 minutes' where subject = ?",
                                old));
        try (Connection connection = DATABASE.ownConnection(Duration.ofMinutes(1))) {
            assertThat(new NoticeTable(connection, 10).deleteSome(ChangeNotices.KEPT)).isFalse();
        }
        List<UUID> left =
                DATABASE.jdbi()
                        .withHandle(handle ->
                                handle.createQuery("select subject from change_notice")
                                        .mapTo(UUID.class)
                                        .list());
        assertThat(left).contains(fresh).doesNotContain(old);
    }

    @Test
    void two_readers_both_get_each_change_of_a_client() {
        Map<UUID, Integer> second = new ConcurrentHashMap<>();
        started();
        ChangeNotices other = new ChangeNotices(this::open, () -> true, () -> false, 10, NEVER);
        readers.add(other);
        other.on(
                Set.of(NoticeKind.CLIENT),
                ids -> ids.forEach(id -> second.merge(id, 1, Integer::sum)),
                () -> {});
        other.start();
        DATABASE.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                "update client set max_accounts = 7 where id = ?",
                                ClientStore.DEFAULT));
        await().untilAsserted(() -> assertThat(second).containsKey(ClientStore.DEFAULT));
    }
}
