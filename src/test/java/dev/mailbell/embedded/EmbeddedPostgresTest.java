package dev.mailbell.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.database.DailyPartitions;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.ServerName;
import dev.mailbell.database.TestDatabase;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbeddedPostgresTest {
    private static final int NOBODY = 65534;

    @TempDir Path dataDir;

    @Test
    void data_and_port_are_kept_over_a_restart_of_the_daemon() {
        DatabaseAddress before;
        try (EmbeddedPostgres server = TestDatabase.initializedServer(dataDir)) {
            before = server.address();
            run(before, "create table kept as select 42 as answer");
        }
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            assertThat(server.address()).isEqualTo(before);
            assertThat(number(server.address(), "select answer from kept")).isEqualTo(42);
        }
    }

    @Test
    void the_server_of_a_killed_daemon_is_taken_over() throws Exception {
        OtherDaemon killed = OtherDaemon.start(dataDir);
        killed.kill();
        long orphan = serverPid(dataDir);

        try (OtherDaemon next = OtherDaemon.start(dataDir)) {
            assertThat(next.pid()).isNotEqualTo(killed.pid());
            assertThat(serverPid(dataDir)).isEqualTo(orphan);
        }
        assertThat(PostmasterFile.read(dataDir.resolve("database"))).isEmpty();
    }

    @Test
    void the_server_of_a_killed_daemon_is_replaced_when_it_has_other_settings() throws Exception {
        OtherDaemon killed = OtherDaemon.start(dataDir);
        killed.kill();
        long orphan = serverPid(dataDir);

        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            assertThat(serverPid(dataDir)).isNotEqualTo(orphan);
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
    }

    @Test
    void a_second_daemon_is_refused_while_the_first_lives() throws Exception {
        try (OtherDaemon first = OtherDaemon.start(dataDir)) {
            assertRefused("in use by another Mailbell, process " + first.pid());
        }
    }

    @Test
    void a_second_server_within_the_daemon_is_refused_and_the_first_keeps_its_lock()
            throws Exception {
        try (EmbeddedPostgres first = TestDatabase.privateServer(dataDir)) {
            assertRefused("in use by another Mailbell");
            assertThatExceptionOfType(AssertionError.class)
                    .isThrownBy(() -> OtherDaemon.start(dataDir))
                    .withMessageContaining("process " + ProcessHandle.current().pid());
            assertThat(number(first.address(), "select 1")).isEqualTo(1);
        }
    }

    @Test
    void files_of_another_major_version_are_refused_and_not_changed() throws IOException {
        Path data = Files.createDirectory(dataDir.resolve("database"));
        Files.writeString(data.resolve("PG_VERSION"), "15\n");

        assertRefused("made by PostgreSQL 15", "pg_dump 15", "database.url");
        assertThat(names(data)).containsExactly("PG_VERSION");
    }

    @Test
    void a_database_directory_that_is_none_is_refused() throws IOException {
        Files.createDirectory(dataDir.resolve("database"));
        assertRefused("no PG_VERSION", "move the directory away");
    }

    @Test
    void a_lost_password_is_reported_with_its_file() throws IOException {
        TestDatabase.initializedServer(dataDir).close();
        Files.delete(dataDir.resolve("database.password"));
        assertRefused("database.password is missing", "restore it from a backup");
    }

    @Test
    void a_wrong_password_is_reported_and_leaves_no_server_behind() throws IOException {
        TestDatabase.privateServer(dataDir).close();
        Files.writeString(dataDir.resolve("database.password"), "guessed");
        assertRefused("the file database.password beside it does not hold its password");
        assertThat(PostmasterFile.file(dataDir.resolve("database"))).doesNotExist();
    }

    @Test
    void incomplete_files_of_a_crash_are_deleted() throws IOException {
        Path half = Files.createDirectories(dataDir.resolve("database.new-123/data/base"));
        Files.writeString(half.resolveSibling("PG_VERSION"), "18\n");
        Files.writeString(dataDir.resolve("database.password.new"), "half");

        try (EmbeddedPostgres server = TestDatabase.initializedServer(dataDir)) {
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
        assertThat(names(dataDir))
                .containsExactlyInAnyOrder(
                        "database", "database.password", "database.port", "mailbell.lock");
    }

    @Test
    void a_stale_pid_file_that_names_another_living_process_does_not_stop_the_start()
            throws IOException {
        TestDatabase.privateServer(dataDir).close();
        Path data = dataDir.resolve("database");
        String stranger = Long.toString(ProcessHandle.current().pid());
        Files.write(
                PostmasterFile.file(data),
                List.of(stranger, data.toString(), "1", "5432", "", "127.0.0.1", " 1 2", "ready"));

        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
    }

    /** What a power cut leaves: the file was made, and its octets were not on the disk yet. */
    @ParameterizedTest
    @ValueSource(strings = {"", "\0\0\0\0\0\0\0\0", "\u00ff\u00fe\u00ff\n"})
    void a_pid_file_that_a_power_cut_damaged_does_not_stop_the_start(String damaged)
            throws IOException {
        TestDatabase.privateServer(dataDir).close();
        Files.write(
                PostmasterFile.file(dataDir.resolve("database")),
                damaged.getBytes(StandardCharsets.ISO_8859_1));

        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
    }

    @Test
    void a_damaged_pid_file_of_a_server_that_runs_leads_to_no_second_one() throws IOException {
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            ProcessHandle running = ProcessHandle.of(serverPid(dataDir)).orElseThrow();
            Files.write(PostmasterFile.file(dataDir.resolve("database")), new byte[0]);
            assertThatExceptionOfType(DatabaseException.class)
                    .isThrownBy(server::restart)
                    .withMessageContaining("postmaster.pid");
            assertThat(running.isAlive()).isTrue();
            assertThat(number(server.address(), "select 1")).isEqualTo(1);

            running.destroyForcibly();
            await().ignoreExceptions()
                    .until(() ->
                            serverPid(dataDir) != running.pid()
                                    && number(server.address(), "select 1") == 1);
        }
    }

    @Test
    void another_port_is_used_when_the_last_one_is_taken() throws IOException {
        DatabaseAddress before;
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            before = server.address();
        }
        int port = Integer.parseInt(ServerName.of(before.url()).port());
        try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"));
                EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            assertThat(taken.isBound()).isTrue();
            assertThat(server.address()).isNotEqualTo(before);
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
    }

    @Test
    void a_server_that_is_killed_comes_back_on_its_port() throws IOException {
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            long before = serverPid(dataDir);
            ProcessHandle.of(before).orElseThrow().destroyForcibly();
            await().ignoreExceptions()
                    .until(() ->
                            serverPid(dataDir) != before
                                    && number(server.address(), "select 1") == 1);
        }
    }

    @Test
    void a_ctrl_c_at_the_daemons_terminal_does_not_reach_the_server() throws IOException {
        assumeThat(Path.of("/proc/self/stat")).exists();
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            assertThat(server.dataDir()).isEqualTo(dataDir);
            assertThat(session(serverPid(dataDir)))
                    .isNotEqualTo(session(ProcessHandle.current().pid()));
        }
    }

    @Test
    void commits_are_durable_and_a_login_needs_the_password() throws IOException {
        try (EmbeddedPostgres server =
                EmbeddedPostgres.start(
                        dataDir, TestDatabase.programs(), ServerSettings.of(10, Map.of()), true)) {
            DatabaseAddress address = server.address();
            assertThat(
                            text(
                                    server.superuserAddress("mailbell"),
                                    """
                                    select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in
                                        ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'listen_addresses',
                                         'unix_socket_directories', 'password_encryption', 'server_encoding')\
                                    """))
                    .isEqualTo(
                            "data_checksums=on fsync=on full_page_writes=on listen_addresses=127.0.0.1"
                                    + " password_encryption=scram-sha-256 server_encoding=UTF8"
                                    + " synchronous_commit=on unix_socket_directories=");
            assertThat(Files.getPosixFilePermissions(dataDir.resolve("database.password")))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
            for (String role : List.of(address.username(), "mailbell")) {
                DatabaseAddress guess = new DatabaseAddress(address.url(), role, "guess");
                assertThatExceptionOfType(DatabaseException.class)
                        .isThrownBy(() -> Database.open(guess, 1))
                        .withMessageContaining("refuses the password");
            }
        }
    }

    @Test
    void the_daemons_role_is_an_ordinary_one_that_reaches_no_file_and_no_program() {
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            DatabaseAddress address = server.address();
            String secret = dataDir.resolve("database.password").toString();
            run(address, "create table loot (line text)");
            for (String statement :
                    List.of(
                            "copy loot from '" + secret + "'",
                            "copy loot from program 'cat " + secret + "'",
                            "select pg_read_file('" + secret + "')",
                            "select lo_import('" + secret + "')",
                            "select pg_ls_dir('/')",
                            "alter system set archive_command = 'true'",
                            "create role another superuser",
                            "alter role mailbell_daemon superuser",
                            "set role mailbell",
                            "select * from pg_authid")) {
                assertThatThrownBy(() -> run(address, statement))
                        .as(statement)
                        .rootCause()
                        .extracting(e -> ((SQLException) e).getSQLState())
                        .isEqualTo("42501");
            }
        }
    }

    @Test
    void tables_of_a_build_with_the_superuser_alone_are_given_to_the_ordinary_role() {
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            DatabaseAddress superuser = server.superuserAddress("mailbell");
            run(server.superuserAddress("postgres"), "drop database mailbell");
            run(server.superuserAddress("postgres"), "drop role mailbell_daemon");
            run(server.superuserAddress("postgres"), "create database mailbell");
            try (Database before = Database.open(superuser, 2)) {
                before.migrate();
            }
        }
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir);
                Database database = Database.open(server.address(), 2)) {
            assertThat(server.address().username()).isEqualTo("mailbell_daemon");
            assertThat(database.migrate()).isZero();
            new DailyPartitions(database.jdbi(), InstantSource.system()).makeAhead();
            database.jdbi()
                    .useHandle(handle -> {
                        handle.execute(
                                "insert into client (id, name) values (gen_random_uuid(), 'x')");
                        handle.execute("alter table account add column later text");
                        handle.execute("drop table event_default");
                    });
        }
    }

    @Test
    void root_drops_to_another_user_where_that_one_reaches_the_directory() throws IOException {
        assumeRoot();
        Files.setPosixFilePermissions(dataDir, PosixFilePermissions.fromString("rwxr-xr-x"));
        assumeThat(runs("setpriv", "--reuid=65534", "ls", TestDatabase.programs().toString()))
                .isTrue();
        try (EmbeddedPostgres server = TestDatabase.initializedServer(dataDir)) {
            assertThat(ServerUser.uidOf(dataDir.resolve("database"))).isNotZero();
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
    }

    @Test
    void root_gives_the_server_a_user_namespace_when_no_other_user_reaches_the_directory()
            throws IOException {
        assumeRoot();
        assumeThat(runs("unshare", "--user", "true")).isTrue();
        Files.setPosixFilePermissions(dataDir, PosixFilePermissions.fromString("rwx------"));
        try (EmbeddedPostgres server = TestDatabase.initializedServer(dataDir)) {
            assertThat(ServerUser.uidOf(dataDir.resolve("database"))).isZero();
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
        // Opened later, the directory keeps its owner.
        Files.setPosixFilePermissions(dataDir, PosixFilePermissions.fromString("rwxr-xr-x"));
        try (EmbeddedPostgres server = TestDatabase.privateServer(dataDir)) {
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
    }

    @Test
    void an_ordinary_user_runs_the_server_as_itself_and_root_continues_as_that_user(
            @TempDir Path copies) throws Exception {
        assumeRoot();
        for (Path directory : List.of(dataDir, copies)) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Path his = Files.createDirectory(dataDir.resolve("his own"));
        Files.setAttribute(his, "unix:uid", NOBODY);

        OtherDaemon.startAs(NOBODY, copies, his).close();

        assertThat(ServerUser.uidOf(his.resolve("database"))).isEqualTo(NOBODY);
        assertThat(ServerUser.uidOf(his.resolve("database.password"))).isEqualTo(NOBODY);
        try (EmbeddedPostgres server =
                EmbeddedPostgres.start(
                        his, his, ServerSettings.of(10, Map.of("fsync", "off")), false)) {
            assertThat(number(server.address(), "select 1")).isEqualTo(1);
        }
    }

    @Test
    void a_data_directory_that_is_a_file_is_reported() throws IOException {
        Path file = Files.writeString(dataDir.resolve("file"), "");
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> EmbeddedPostgres.start(file, 10))
                .withMessageContaining(file.toString())
                .withMessageContaining("writable directory");
    }

    @Test
    void settings_that_postgresql_refuses_are_reported_in_its_own_words() throws IOException {
        TestDatabase.privateServer(dataDir).close();
        Files.writeString(dataDir.resolve("database/custom.conf"), "shared_buffers = plenty\n");
        assertRefused("does not start", "shared_buffers");
    }

    @Test
    void a_user_without_an_entry_in_passwd_gets_a_database() throws IOException {
        assumeRoot();
        int uid = 123_456;
        ServerUser stranger =
                new ServerUser(
                        List.of("setpriv", "--reuid=" + uid, "--regid=0", "--clear-groups"), uid);
        PostgresPrograms programs = PostgresPrograms.unpackedIn(TestDatabase.programs());
        assumeThat(
                        ProcessRunner.run(
                                        stranger.with(
                                                "unshare",
                                                "--user",
                                                programs.program("postgres"),
                                                "--version"),
                                        Duration.ofSeconds(30))
                                .succeeded())
                .isTrue();
        Files.setPosixFilePermissions(dataDir, PosixFilePermissions.fromString("rwxrwxrwx"));
        EmbeddedFiles cluster = new EmbeddedFiles(dataDir.toRealPath(), false);
        cluster.create(programs, stranger, cluster.password());
        assertThat(cluster.owner()).contains(uid);

        Postmaster postmaster = new Postmaster(cluster, programs, stranger);
        postmaster.start(ServerSettings.of(5, Map.of("fsync", "off")), 0);
        try {
            assertThat(postmaster.running()).isPresent();
        } finally {
            postmaster.stop();
        }
    }

    private void assertRefused(String... words) {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> TestDatabase.privateServer(dataDir))
                .satisfies(e -> assertThat(e.getMessage()).contains(words));
    }

    private static void assumeRoot() throws IOException {
        assumeThat(ServerUser.uidOf(Path.of("/proc/self"))).isZero();
    }

    private static boolean runs(String... command) throws IOException {
        return ProcessRunner.run(List.of(command), Duration.ofSeconds(10)).succeeded();
    }

    private static long serverPid(Path dataDir) throws IOException {
        return PostmasterFile.read(dataDir.resolve("database")).orElseThrow().pid();
    }

    /** The session number of a process, proc_pid_stat(5): the fourth word after the name. */
    private static String session(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ")[3];
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static Jdbi jdbi(DatabaseAddress address) {
        return Jdbi.create(address.url(), address.username(), address.password());
    }

    private static void run(DatabaseAddress address, String sql) {
        jdbi(address).useHandle(handle -> handle.execute(sql));
    }

    private static int number(DatabaseAddress address, String sql) {
        return jdbi(address)
                .withHandle(handle -> handle.createQuery(sql).mapTo(Integer.class).one());
    }

    private static String text(DatabaseAddress address, String sql) {
        return jdbi(address)
                .withHandle(handle -> handle.createQuery(sql).mapTo(String.class).one());
    }
}
