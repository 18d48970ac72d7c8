package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Ports;
import dev.mailbell.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseTest {
    private static final Duration PATIENCE = Duration.ofSeconds(180);
    private static final String SECRET = "tell-nobody";

    @Test
    void a_fresh_database_has_the_tables_and_answers() {
        try (Database database = TestDatabase.create()) {
            assertThat(database.outage(PATIENCE)).isEmpty();
            assertThat(count(database, "select count(*) from account")).isZero();
            assertThat(database.migrate()).isZero();
        }
    }

    @Test
    void every_wait_at_the_server_has_a_limit() {
        try (Database database = TestDatabase.create()) {
            assertThat(
                            count(
                                    database,
                                    """
                                    select count(*) from pg_settings where setting <> '0' and name in
                                        ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')\
                                    """))
                    .isEqualTo(3);
        }
    }

    @Test
    void a_backup_that_reads_all_tables_does_not_hide_the_end_of_an_outage() throws Exception {
        try (Database database = TestDatabase.create();
                Connection backup = database.dataSource().getConnection()) {
            backup.setAutoCommit(false);
            try (Statement statement = backup.createStatement()) {
                statement.execute("lock table write_probe in access share mode");
            }
            database.jdbi().useHandle(handle -> Database.requireWritable(handle.getConnection()));
            assertThat(count(database, "select count(*) from write_probe")).isZero();
            backup.rollback();
        }
    }

    @Test
    void the_pool_recovers_by_itself_when_the_server_comes_back(@TempDir Path dataDir) {
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir);
                Database database = Database.open(server.address(), 4)) {
            assertThat(count(database, "select 1")).isEqualTo(1);

            server.restart();

            await().until(() -> database.outage(PATIENCE).isEmpty());
            assertThat(count(database, "select 1")).isEqualTo(1);
        }
    }

    @Test
    void an_outage_is_distinguished_from_a_wrong_statement(@TempDir Path dataDir) {
        EmbeddedPostgres server = TestDatabase.privateServer(dataDir);
        try (server;
                Database database = Database.open(server.address(), 1)) {
            Throwable wrong = catchThrowable(() -> count(database, "select nonsense"));
            assertThat(Database.isAway(wrong)).isFalse();

            Throwable killed =
                    catchThrowable(() ->
                            count(database, "select pg_terminate_backend(pg_backend_pid())::int"));
            assertThat(Database.isAway(killed)).isTrue();

            server.close();
            assertThat(database.outage(Duration.ofMillis(100))).contains(Outage.AWAY);
            Throwable away = catchThrowable(() -> count(database, "select 1"));
            assertThat(Database.isAway(away)).isTrue();
        }
    }

    @Test
    void a_silent_server_costs_the_probe_no_more_than_its_timeout() throws Exception {
        DatabaseAddress address = TestDatabase.empty();
        try (Database database = Database.open(address, 1)) {
            int backend = count(database, "select pg_backend_pid()");
            signal("STOP", backend);
            try {
                assertThat(database.outage(Duration.ofMillis(100))).contains(Outage.AWAY);
            } finally {
                signal("CONT", backend);
            }
            await().until(() -> database.outage(PATIENCE).isEmpty());
        }
    }

    private static void signal(String name, int pid) throws Exception {
        Process kill =
                new ProcessBuilder("kill", "-" + name, Integer.toString(pid)).inheritIO().start();
        assertThat(kill.waitFor()).isZero();
    }

    @Test
    void a_wrong_password_is_reported_and_never_shown() {
        DatabaseAddress right = TestDatabase.empty();
        assertRefused(
                new DatabaseAddress(right.url(), right.username(), SECRET),
                "refuses the password of user \"" + right.username() + "\"",
                "database.password");
        assertThat(new DatabaseAddress(right.url(), "mailbell", SECRET).toString())
                .doesNotContain(SECRET);
    }

    @Test
    void a_missing_database_is_reported_with_the_statement_that_creates_it() {
        DatabaseAddress right = TestDatabase.empty();
        String url = right.url().substring(0, right.url().lastIndexOf('/')) + "/absent";
        assertRefused(
                new DatabaseAddress(url, right.username(), right.password()),
                "create database \"absent\" owner \"" + right.username() + "\"");
    }

    @Test
    void an_unknown_host_is_reported() {
        assertRefused(
                new DatabaseAddress("jdbc:postgresql://db.invalid/mailbell", "mailbell", SECRET),
                "db.invalid:5432/mailbell",
                "host name is unknown");
    }

    @Test
    void a_port_without_a_listener_is_reported() throws Exception {
        try (Ports.Closed closed = new Ports.Closed()) {
            String url = "jdbc:postgresql://127.0.0.1:" + closed.port() + "/x";
            assertRefused(new DatabaseAddress(url, "x", SECRET), "cannot be reached", "refused");
        }
    }

    @Test
    void a_url_of_another_kind_is_reported_without_repeating_it() {
        assertRefused(
                new DatabaseAddress("mysql://root:" + SECRET + "@h/x", "x", ""),
                "jdbc:postgresql://host:5432/mailbell");
    }

    @Test
    void a_password_within_the_url_is_refused() {
        assertRefused(
                new DatabaseAddress("jdbc:postgresql://h/x?user=u&password=" + SECRET, "", ""),
                "database.url holds a password",
                "database.password");
    }

    @Test
    void unsupported_servers_are_reported() {
        ServerName name = ServerName.of("jdbc:postgresql://db:5433/x");
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(
                        () -> ConnectionPreflight.requireSupported(name, 13, "13.9", "UTF8", false))
                .withMessageContaining("db:5433/x is PostgreSQL 13.9")
                .withMessageContaining("14 or newer");
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() ->
                        ConnectionPreflight.requireSupported(name, 15, "15", "SQL_ASCII", false))
                .withMessageContaining("SQL_ASCII");
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(
                        () -> ConnectionPreflight.requireSupported(name, 15, "15", "UTF8", true))
                .withMessageContaining("standby");
    }

    private static void assertRefused(DatabaseAddress address, String... words) {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> Database.open(address, 2))
                .satisfies(e -> {
                    assertThat(e.getMessage()).contains(words);
                    assertThat(e).hasStackTraceContaining("DatabaseException");
                    assertThat(e.toString() + e.getCause()).doesNotContain(SECRET);
                });
    }

    private static int count(Database database, String sql) {
        return database.jdbi()
                .withHandle(handle -> handle.createQuery(sql).mapTo(Integer.class).one());
    }
}
