package dev.mailbell.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import dev.mailbell.event.Event;
import dev.mailbell.event.EventStore;
import dev.mailbell.event.EventType;
import dev.mailbell.event.Ids;
import dev.mailbell.watch.TestAccount;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
    @TempDir private Path directory;

    private final Database source = TestDatabase.create();
    private final Database target = TestDatabase.create();
    private final Account account =
            TestAccount.of(
                    AccountState.WATCHING,
                    Map.of("plan", "tab\there, \\N and \"quotes\" ünïcode"),
                    Instant.now().truncatedTo(ChronoUnit.MICROS));

    @AfterEach
    void close() {
        source.close();
        target.close();
    }

    private Manifest backup(Path file) {
        return new Backup(source, "test", InstantSource.system()).write(file);
    }

    private void restore(Path file) {
        try (Restore restore = Restore.open(file)) {
            restore.into(target);
        }
    }

    /** As a check does: the mark and the event are written together. */
    private void announce() {
        Event event =
                new Event(
                        Ids.next(),
                        ClientStore.DEFAULT,
                        account.id(),
                        EventType.MAIL_NEW,
                        Instant.now(),
                        "{\"data\":{\"newCount\":1}}\n");
        source.jdbi()
                .useTransaction(handle -> {
                    EventStore.insert(event).update(handle.getConnection());
                    handle.execute(
                            "update mailbox set version = version + 1, total = coalesce(total, 0) + 1 where account_id = ?",
                            account.id());
                });
    }

    private static List<String> rows(Database database, String table) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select t::text from " + table + " t order by 1")
                                .mapTo(String.class)
                                .list());
    }

    private static long count(Database database, String table) {
        return database.jdbi()
                .withHandle(handle ->
                        handle.createQuery("select count(*) from " + table)
                                .mapTo(Long.class)
                                .one());
    }

    private void fill() {
        new AccountStore(source.jdbi()).insert(account);
        source.jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            "insert into known_messages values (?, 'INBOX', 0, decode('000102ff', 'hex'))",
                            account.id());
                    handle.execute(
                            "insert into keyset_key (id, fingerprint) values ('0a0b0c0d', 'f')");
                    handle.execute("update shard set node = gen_random_uuid(), epoch = 7");
                });
        announce();
    }

    @Test
    void every_row_is_the_same_after_a_restore_but_for_what_belongs_to_nodes() {
        fill();
        Path file = directory.resolve("all.backup");
        Manifest manifest = backup(file);
        assertThat(manifest.keys()).containsExactly("0a0b0c0d");
        restore(file);
        for (Manifest.Table table : manifest.tables()) {
            if (List.of("portal_link", "signed_out").contains(table.name())) {
                continue;
            }
            // The column tx is of the server; the daemon adopts it at its start.
            assertThat(rows(target, table.name()))
                    .as(table.name())
                    .isEqualTo(rows(source, table.name()));
        }
        assertThat(manifest.tables())
                .extracting(Manifest.Table::name)
                .contains(
                        "client",
                        "account",
                        "mailbox",
                        "known_messages",
                        "event",
                        "webhook",
                        "delivery",
                        "attempt",
                        "audit",
                        "fanout",
                        "canary",
                        "removed_account")
                .doesNotContain("node", "shard", "change_notice");
        assertThat(count(target, "shard where epoch = 0")).isEqualTo(1024);
        assertThat(count(target, "change_notice")).isZero();
        assertThat(count(target, "event_default")).isZero();
    }

    @Test
    void portal_links_do_not_open_again_after_a_restore() {
        fill();
        source.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into portal_link (id, client_id, scopes, hash, created_at, expires_at)
                                values (gen_random_uuid(), ?, '{}', 'h', now(), now() + interval '1 day')\
                                """,
                                ClientStore.DEFAULT));
        Path file = directory.resolve("links.backup");
        backup(file);
        restore(file);
        assertThat(count(source, "portal_link")).isOne();
        assertThat(count(target, "portal_link")).isZero();
    }

    @Test
    void a_backup_beside_writers_is_of_one_moment_so_that_no_count_is_lost_or_doubled()
            throws Exception {
        fill();
        AtomicBoolean stop = new AtomicBoolean();
        CountDownLatch running = new CountDownLatch(20);
        List<Thread> writers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            writers.add(
                    Thread.startVirtualThread(() -> {
                        while (!stop.get()) {
                            announce();
                            running.countDown();
                        }
                    }));
        }
        running.await();
        Path file = directory.resolve("busy.backup");
        backup(file);
        stop.set(true);
        for (Thread writer : writers) {
            writer.join();
        }
        restore(file);
        long announced = count(target, "event");
        assertThat(announced).isBetween(21L, count(source, "event"));
        assertThat(count(target, "mailbox where total = " + announced)).isOne();
    }

    @Test
    void nothing_is_overwritten_and_nobody_else_reads_the_file() throws IOException {
        fill();
        Path file = Files.writeString(directory.resolve("taken"), "mine");
        assertThatThrownBy(() -> backup(file))
                .isInstanceOf(BackupException.class)
                .hasMessageContaining("exists");
        assertThat(file).hasContent("mine");
        Path other = directory.resolve("new");
        backup(other);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(other)))
                .isEqualTo("rw-------");
        try (var files = Files.list(directory)) {
            assertThat(files.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("taken", "new");
        }
        restore(other);
        assertThatThrownBy(() -> restore(other)).hasMessageContaining("the database has data");
        assertThat(count(target, "account")).isOne();
    }

    @Test
    void a_file_that_is_cut_short_or_changed_or_no_backup_leaves_the_database_empty()
            throws IOException {
        fill();
        Path file = directory.resolve("whole");
        backup(file);
        byte[] whole = Files.readAllBytes(file);
        Path cut =
                Files.write(
                        directory.resolve("cut"),
                        java.util.Arrays.copyOf(whole, whole.length - 30));
        assertThatThrownBy(() -> restore(cut)).isInstanceOf(BackupException.class);
        // Within the rows of some table, far from the directory of the archive.
        byte[] changed = whole.clone();
        for (int i = 200; i < 260; i++) {
            changed[i] ^= 0x55;
        }
        Path damaged = Files.write(directory.resolve("damaged"), changed);
        assertThatThrownBy(() -> restore(damaged)).isInstanceOf(BackupException.class);
        Path text = Files.writeString(directory.resolve("text"), "no archive");
        assertThatThrownBy(() -> restore(text)).hasMessageContaining("is no backup");
        assertThatThrownBy(() -> restore(directory.resolve("absent")))
                .hasMessageContaining("there is no file");
        assertThat(count(target, "account")).isZero();
        restore(file);
        assertThat(count(target, "account")).isOne();
    }

    private static void startNode(Handle handle) {
        handle.execute(
                """
                insert into node (id, name, pid, version, configuration, exclusive, started_at, expires_at)
                values (gen_random_uuid(), 'n', 1, 'v', 'c', false, now(), now() + interval '1 hour')\
                """);
    }

    /** What is loaded by then stays: the message must not say that the database is empty. */
    @Test
    void a_failure_after_the_rows_are_there_does_not_say_that_there_are_none() {
        fill();
        Path file = directory.resolve("backup.zip");
        backup(file);
        target.jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            create function fails_when_analysed(id uuid) returns int language plpgsql immutable as $$
                            begin
                                if exists (select from pg_stat_activity where pid = pg_backend_pid()
                                        and query like '%analyze%') then
                                    raise 'as the test wants';
                                end if;
                                return 1;
                            end $$\
                            """);
                    handle.execute("create index on account (fails_when_analysed(id))");
                });
        restore(file);
        assertThat(count(target, "account")).isEqualTo(1);
    }

    @Test
    void a_database_that_a_daemon_uses_is_not_restored_into() {
        fill();
        Path file = directory.resolve("file");
        backup(file);
        target.jdbi().useHandle(BackupTest::startNode);
        assertThatThrownBy(() -> restore(file)).hasMessageContaining("a daemon uses");
    }

    @Test
    void a_backup_of_other_tables_names_the_version_to_restore_it_with() {
        fill();
        Path file = directory.resolve("file");
        backup(file);
        target.jdbi()
                .useHandle(
                        handle -> handle.execute("update flyway_schema_history set checksum = 1"));
        assertThatThrownBy(() -> restore(file))
                .hasMessageContaining("restore it with that version");
    }

    @Test
    void without_hard_links_the_backup_is_moved_and_replaces_nothing() throws IOException {
        Backup.Link none =
                (name, file) -> {
                    throw new FileSystemException(
                            name.toString(), file.toString(), "Operation not permitted");
                };
        Path partial = Files.writeString(directory.resolve("partial"), "rows");
        Path taken = Files.writeString(directory.resolve("taken"), "mine");
        assertThatThrownBy(() -> Backup.appear(partial, taken, none))
                .isInstanceOf(FileAlreadyExistsException.class);
        assertThat(taken).hasContent("mine");
        Path file = directory.resolve("file");
        Backup.appear(partial, file, none);
        assertThat(file).hasContent("rows");
        assertThat(partial).doesNotExist();
    }

    private static void operatorWebhook(Database database, String url) {
        database.jdbi()
                .useHandle(handle ->
                        handle.execute(
                                """
                                insert into webhook (id, client_id, url, events, labels, secret, state, created_at, updated_at)
                                values ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001',
                                    ?, '{*}', '{}', decode('00', 'hex'), 'enabled', now(), now())\
                                """,
                                url));
    }

    @Test
    void a_database_that_a_daemon_was_only_started_on_is_restored_into() {
        fill();
        operatorWebhook(source, "http://127.0.0.1/there");
        Path file = directory.resolve("file");
        backup(file);
        operatorWebhook(target, "http://127.0.0.1/here");
        restore(file);
        assertThat(rows(target, "webhook")).isEqualTo(rows(source, "webhook"));
    }

    @Test
    void a_daemon_that_starts_before_the_rows_are_loaded_is_seen() throws Exception {
        fill();
        Path file = directory.resolve("file");
        backup(file);
        AtomicReference<Throwable> refused = new AtomicReference<>();
        Thread restoring;
        try (Handle daemon = target.jdbi().open()) {
            daemon.begin();
            startNode(daemon);
            restoring =
                    Thread.startVirtualThread(
                            () -> refused.set(catchThrowable(() -> restore(file))));
            await().until(() ->
                    count(target, "pg_locks where relation = 'node'::regclass and not granted")
                            == 1);
            daemon.commit();
        }
        restoring.join();
        assertThat(refused.get()).hasMessageContaining("a daemon uses");
        assertThat(count(target, "account")).isZero();
    }
}
