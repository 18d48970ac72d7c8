package dev.mailbell.database;

import dev.mailbell.embedded.EmbeddedPostgres;
import dev.mailbell.embedded.PostgresPrograms;
import dev.mailbell.embedded.ServerSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * Real PostgreSQL for tests: one server for the JVM, a new migrated database for each caller.
 *
 * <pre>{@code
 * static final Database database = TestDatabase.create(); // close it in @AfterAll
 * }</pre>
 */
public final class TestDatabase {
    /**
     * Not durable: a crash of the machine may lose these data. Without autovacuum, which is a
     * transaction at any moment: beside it the event feed shows no newer events, and after it
     * statements have other plans.
     */
    private static final Map<String, String> FAST =
            Map.of(
                    "fsync", "off",
                    "synchronous_commit", "off",
                    "full_page_writes", "off",
                    "autovacuum", "off");

    private static final int CONNECTIONS = 300;
    private static final int POOL = 10;
    private static final String TEMPLATE = "migrated";
    private static final String OBJECT_IN_USE = "55006";
    private static final int TRIES = 24;

    /** Of the template's files: through the log it would take three times as much CPU time. */
    private static final String COPY = " strategy file_copy";

    private static final AtomicInteger number = new AtomicInteger();

    private TestDatabase() {}

    /** Started at the first use; kept under target/ so that a killed run leaves nothing behind. */
    private static final class Shared {
        static final EmbeddedPostgres SERVER = start();
        static final Jdbi ADMIN =
                Jdbi.create(
                        SERVER.superuserAddress("postgres").url(),
                        SERVER.superuserAddress("postgres").username(),
                        SERVER.superuserAddress("postgres").password());

        static {
            Runtime.getRuntime().addShutdownHook(new Thread(SERVER::close));
            dropEarlierRuns();
            hashOnce();
            executeWhenUnused("create database " + TEMPLATE + " owner " + owner());
            try (Database template = Database.open(SERVER.address(TEMPLATE), 1)) {
                template.migrate();
            }
        }

        /** The ordinary role as which a daemon works, and the tests. */
        static String owner() {
            return SERVER.address().username();
        }

        private static EmbeddedPostgres start() {
            for (int place = 0; ; place++) {
                Path directory =
                        Path.of(System.getProperty("basedir", ""))
                                .toAbsolutePath()
                                .resolve("target/test-postgres-" + place);
                try {
                    return EmbeddedPostgres.start(
                            directory, directory, ServerSettings.of(CONNECTIONS, FAST), false);
                } catch (DatabaseException e) {
                    // Another test JVM of the same checkout uses that directory.
                    if (place == 9 || !String.valueOf(e.getMessage()).contains("in use")) {
                        throw e;
                    }
                }
            }
        }

        /**
         * Each login computes as many hashes as the verifier of its password says: usually 4,096,
         * which take 20 ms of a core. Tests log in thousands of times.
         */
        private static void hashOnce() {
            ADMIN.useHandle(handle -> {
                handle.execute("set scram_iterations = 1");
                for (DatabaseAddress each :
                        List.of(SERVER.address(), SERVER.superuserAddress("postgres"))) {
                    // The passwords have letters, digits, - and _ alone.
                    handle.execute(
                            "alter role "
                                    + each.username()
                                    + " password '"
                                    + each.password()
                                    + "'");
                }
            });
        }

        private static void dropEarlierRuns() {
            List<String> names =
                    ADMIN.withHandle(handle ->
                            handle.createQuery(
                                            """
                                            select datname from pg_database
                                            where datname = 'migrated' or datname like 'test\\_%'\
                                            """)
                                    .mapTo(String.class)
                                    .list());
            names.forEach(TestDatabase::drop);
        }
    }

    /** A new database with the daemon's tables. Closing it drops it. */
    public static Database create() {
        return create(POOL);
    }

    /** The same with a limit of connections. */
    public static Database create(int connections) {
        String name = "test_" + number.incrementAndGet();
        executeWhenUnused(
                "create database "
                        + name
                        + " template "
                        + TEMPLATE
                        + " owner "
                        + Shared.owner()
                        + COPY);
        return Database.open(Shared.SERVER.address(name), connections, () -> drop(name));
    }

    /** A new database without tables, for tests of connecting and migrating. */
    public static DatabaseAddress empty() {
        String name = "test_" + number.incrementAndGet();
        executeWhenUnused("create database " + name + " owner " + Shared.owner() + COPY);
        return Shared.SERVER.address(name);
    }

    /**
     * A server for one test alone, which may stop it; close it. In a directory without a database
     * it begins with a copy of a new one, which takes less time than initdb.
     */
    public static EmbeddedPostgres privateServer(Path dataDir) {
        return privateServer(dataDir, POOL);
    }

    /** The same for a number of connections. */
    public static EmbeddedPostgres privateServer(Path dataDir, int connections) {
        NewServer.copyTo(dataDir);
        return EmbeddedPostgres.start(
                dataDir, programs(), ServerSettings.of(connections, FAST), false);
    }

    /** The same with a database that initdb makes there. */
    public static EmbeddedPostgres initializedServer(Path dataDir) {
        return EmbeddedPostgres.start(dataDir, programs(), ServerSettings.of(POOL, FAST), false);
    }

    /** The files of a server that was started once, with its roles, and stopped. */
    private static final class NewServer {
        private static final Path FILES = make();

        private static Path make() {
            try {
                // Closed to others, as the directories of tests are: its files have their owner.
                Path directory = Files.createTempDirectory("new-server");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> run("rm", "-rf", directory)));
                initializedServer(directory).close();
                return directory;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        static void copyTo(Path dataDir) {
            if (Files.exists(dataDir.resolve("database"))) {
                return;
            }
            run("mkdir", "-p", dataDir);
            run("cp", "-a", FILES.resolve("database"), FILES.resolve("database.password"), dataDir);
        }

        private static void run(Object... words) {
            try {
                Process process =
                        new ProcessBuilder(Stream.of(words).map(String::valueOf).toList())
                                .inheritIO()
                                .start();
                if (process.waitFor() != 0) {
                    throw new AssertionError(List.of(words) + " failed");
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted while files were copied", e);
            }
        }
    }

    /** How many statements wait for a lock of the database now. */
    public static int waitingForLocks(Jdbi jdbi) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select count(*) from pg_stat_activity
                                where datname = current_database() and wait_event_type = 'Lock'\
                                """)
                        .mapTo(Integer.class)
                        .one());
    }

    /** Where the programs of all test servers of this JVM are unpacked. */
    public static Path programs() {
        return Shared.SERVER.dataDir();
    }

    /**
     * Links the programs of this JVM into a data directory, so that its daemon need not unpack
     * them.
     */
    public static void lendPrograms(Path dataDir) throws IOException {
        String name = "postgresql-" + PostgresPrograms.VERSION;
        Path link = Files.createDirectories(dataDir).resolve(name);
        if (!Files.exists(link)) {
            Files.createSymbolicLink(link, programs().resolve(name));
        }
    }

    private static void drop(String name) {
        executeWhenUnused("drop database if exists " + name + " with (force)");
    }

    /**
     * PostgreSQL waits 5 s for a database's other sessions, which end some time after their
     * connections were closed, and then refuses. On a busy machine they take longer.
     */
    private static void executeWhenUnused(String statement) {
        for (int left = TRIES - 1; ; left--) {
            try {
                Shared.ADMIN.useHandle(handle -> handle.execute(statement));
                return;
            } catch (UnableToExecuteStatementException e) {
                if (left == 0
                        || !(e.getCause() instanceof SQLException refused)
                        || !OBJECT_IN_USE.equals(refused.getSQLState())) {
                    throw e;
                }
            }
        }
    }
}
