package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.ErrorHints;
import dev.mailbell.database.PoolSettings;
import dev.mailbell.database.RecurringTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL server of our own under the data directory, for those who configure none.
 *
 * <p>Its data outlives it, is safe on disk, and is reached only from this machine with a generated
 * password. It is a process of its own: when the daemon is killed it runs on, and the next daemon
 * takes it over.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);
    private static final String DATABASE = "mailbell";

    /** An orphan that is healthy answers at once; one that starts or stops gets this long. */
    private static final Duration ORPHAN = Duration.ofSeconds(1);

    private static final int SOCKET_SECONDS = 5;
    private static final Duration WATCH = Duration.ofSeconds(1);

    private final DirectoryLock lock;
    private final EmbeddedFiles cluster;
    private final Postmaster postmaster;
    private final ServerSettings settings;
    private final String password;
    private volatile int port;
    private volatile @Nullable RecurringTask guardian;
    private volatile boolean closed;

    private EmbeddedPostgres(
            DirectoryLock lock,
            EmbeddedFiles cluster,
            Postmaster postmaster,
            ServerSettings settings,
            String password) {
        this.lock = lock;
        this.cluster = cluster;
        this.postmaster = postmaster;
        this.settings = settings;
        this.password = password;
    }

    /**
     * Starts the server, or takes over the one that a killed daemon left. The first start unpacks
     * PostgreSQL and creates the database.
     *
     * @param dataDir created when missing
     * @param poolSize the most connections that the daemon will open
     * @throws DatabaseException when another daemon uses the directory, its files are of another
     *     major version, or PostgreSQL cannot be made to run; the message says what to do
     */
    public static EmbeddedPostgres start(Path dataDir, int poolSize) {
        return start(dataDir, dataDir, ServerSettings.of(poolSize, Map.of()), true);
    }

    /** For tests: with programs kept elsewhere, other settings, and files not forced to disk. */
    public static EmbeddedPostgres start(
            Path dataDir, Path programsDir, ServerSettings settings, boolean durable) {
        try {
            Files.createDirectories(dataDir);
            Files.createDirectories(programsDir);
            Path directory = requirePlainLetters(dataDir.toRealPath());
            DirectoryLock lock = DirectoryLock.take(directory);
            boolean started = false;
            try {
                EmbeddedPostgres server =
                        prepare(lock, directory, programsDir.toRealPath(), settings, durable);
                server.run();
                started = true;
                return server;
            } finally {
                if (!started) {
                    lock.close();
                }
            }
        } catch (IOException e) {
            throw new DatabaseException(
                    "the data directory "
                            + dataDir
                            + " cannot be used: "
                            + e
                            + "; check that it is a writable directory with space left, or set dataDir",
                    e);
        }
    }

    private static EmbeddedPostgres prepare(
            DirectoryLock lock,
            Path directory,
            Path programsDir,
            ServerSettings settings,
            boolean durable)
            throws IOException {
        EmbeddedFiles cluster = new EmbeddedFiles(directory, durable);
        cluster.checkVersion();
        PostgresPrograms programs = PostgresPrograms.unpackedIn(programsDir);
        ServerUser user = ServerUser.find(ourUid(directory), cluster.owner(), programs, directory);
        String password = cluster.password();
        if (!cluster.exists()) {
            cluster.create(programs, user, password);
        }
        return new EmbeddedPostgres(
                lock, cluster, new Postmaster(cluster, programs, user), settings, password);
    }

    /** pg_ctl builds a shell command around the path and quotes no more than spaces. */
    static Path requirePlainLetters(Path directory) {
        if (directory.toString().matches("(?s).*[\"$`\\\\\\n].*")) {
            throw new DatabaseException(
                    "the data directory "
                            + directory
                            + " has a quote, a dollar sign, a backslash or a line break in its name:"
                            + " PostgreSQL's own starter cannot cope with it, set another dataDir");
        }
        return directory;
    }

    /** Also shows, before anything else is tried, that the directory can be written to. */
    private static int ourUid(Path directory) throws IOException {
        Path file = Files.createTempFile(directory, "owner", ".new");
        try {
            return ServerUser.uidOf(file);
        } finally {
            Files.delete(file);
        }
    }

    private void run() throws IOException {
        Optional<Integer> orphan = healthyOrphan();
        if (orphan.isPresent()) {
            log.info(
                    "taking over the PostgreSQL that an earlier Mailbell left in {}",
                    cluster.data());
            port = orphan.get();
        } else {
            postmaster.stop();
            port = postmaster.start(settings, cluster.lastPort());
        }
        boolean serves = false;
        try {
            createDatabase();
            serves = true;
        } finally {
            if (!serves) {
                postmaster.stop();
            }
        }
        guardian = new RecurringTask("postgresql-guardian", WATCH, this::guard);
    }

    /**
     * The port of a server in our data directory that lets us in and was told what we would tell
     * it.
     */
    private Optional<Integer> healthyOrphan() throws IOException {
        if (!postmaster.awaitReady(ORPHAN) || !settings.areIn(cluster.data())) {
            return Optional.empty();
        }
        Optional<PostmasterFile> orphan = postmaster.running();
        if (orphan.isEmpty() || !answers(orphan.get().port())) {
            return Optional.empty();
        }
        return Optional.of(orphan.get().port());
    }

    /** Scram proves both sides: only our server knows the password's hash. */
    private boolean answers(int atPort) {
        try (Connection connection = connect(atPort);
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select current_setting('data_directory')")) {
            return row.next() && row.getString(1).equals(cluster.data().toString());
        } catch (SQLException e) {
            log.warn(
                    "the PostgreSQL left in {} does not let us in: {}",
                    cluster.data(),
                    e.getMessage());
            return false;
        }
    }

    private void createDatabase() {
        try (Connection connection = connect(port);
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "select 1 from pg_database where datname = '" + DATABASE + "'")) {
            if (!row.next()) {
                try (Statement create = connection.createStatement()) {
                    create.execute("create database " + DATABASE);
                }
            }
        } catch (SQLException e) {
            String why =
                    PSQLState.INVALID_PASSWORD.getState().equals(e.getSQLState())
                            ? "database.password beside it is not its password: restore the file"
                            : ErrorHints.of(String.valueOf(e.getMessage()));
            throw new DatabaseException(
                    "the embedded PostgreSQL in "
                            + cluster.data()
                            + " runs but does not serve us: "
                            + why,
                    e);
        }
    }

    private Connection connect(int atPort) throws SQLException {
        DatabaseAddress maintenance = address(atPort, "postgres");
        return DriverManager.getConnection(
                maintenance.url(), PoolSettings.properties(maintenance, SOCKET_SECONDS));
    }

    /** Where the server is; the same over {@link #restart}. */
    public DatabaseAddress address() {
        return address(port, DATABASE);
    }

    private DatabaseAddress address(int atPort, String database) {
        return new DatabaseAddress(
                "jdbc:postgresql://127.0.0.1:" + atPort + "/" + database,
                EmbeddedFiles.SUPERUSER,
                password);
    }

    public Path dataDir() {
        return cluster.directory();
    }

    /** Where another database of the server is. */
    public DatabaseAddress address(String database) {
        return address(port, database);
    }

    /** Brings back a server that was killed, and keeps its log short. */
    private synchronized void guard() {
        try {
            if (!closed && postmaster.running().isEmpty()) {
                log.error(
                        "PostgreSQL is gone, starting it again; its last words: {}",
                        cluster.log().since(0));
                postmaster.startAgain(settings, port);
            }
            cluster.log().bound();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Stops the server and starts it again, on the same port.
     *
     * @throws DatabaseException when it does not start
     */
    public synchronized void restart() {
        try {
            postmaster.stop();
            postmaster.startAgain(settings, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Stops the server, 25 s at most: transactions under way are broken off, what was committed
     * stays. Close the pool first.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (guardian != null) {
            guardian.close();
        }
        try (lock) {
            postmaster.stop();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
