package dev.mailbell.embedded;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.ErrorHints;
import dev.mailbell.database.RecurringTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
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
 * The PostgreSQL server that Mailbell runs in its data directory when no external one is
 * configured.
 *
 * <p>Its data is durable, and reachable only from this machine with a generated password. The
 * server is a separate process: when the daemon is killed it continues to run, and the next daemon
 * takes it over.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);

    /** How long to wait for a server left by a killed daemon; a healthy one answers at once. */
    private static final Duration ORPHAN_TIMEOUT = Duration.ofSeconds(1);

    private static final Duration MONITOR_INTERVAL = Duration.ofSeconds(1);

    private final DirectoryLock lock;
    private final EmbeddedFiles files;
    private final Postmaster postmaster;
    private final ServerSettings settings;
    private final String password;
    private volatile int port;
    private volatile @Nullable RecurringTask monitor;
    private volatile boolean closed;

    private EmbeddedPostgres(
            DirectoryLock lock,
            EmbeddedFiles files,
            Postmaster postmaster,
            ServerSettings settings,
            String password) {
        this.lock = lock;
        this.files = files;
        this.postmaster = postmaster;
        this.settings = settings;
        this.password = password;
    }

    /**
     * Starts the server, or takes over the one that a killed daemon left. The first start unpacks
     * PostgreSQL and creates the database.
     *
     * @param dataDir created when missing
     * @param poolSize the largest number of connections that the daemon opens
     * @throws DatabaseException when another daemon uses the directory, its files are of another
     *     major version, or PostgreSQL does not start; the message says what to do
     */
    public static EmbeddedPostgres start(Path dataDir, int poolSize) {
        return start(dataDir, dataDir, ServerSettings.of(poolSize, Map.of()), true);
    }

    /** For tests: with another programs directory, other settings, and files not forced to disk. */
    public static EmbeddedPostgres start(
            Path dataDir, Path programsDir, ServerSettings settings, boolean durable) {
        try {
            Files.createDirectories(dataDir);
            Files.createDirectories(programsDir);
            Path directory = EmbeddedFiles.requirePlainLetters(dataDir.toRealPath());
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
        EmbeddedFiles files = new EmbeddedFiles(directory, durable);
        files.checkVersion();
        PostgresPrograms programs = PostgresPrograms.unpackedIn(programsDir);
        ServerUser user = ServerUser.find(ourUid(directory), files.owner(), programs, directory);
        String password = files.password();
        if (!files.exists()) {
            files.create(programs, user, password);
        }
        return new EmbeddedPostgres(
                lock, files, new Postmaster(files, programs, user), settings, password);
    }

    /** The uid of this process. Creates a file, so it also tests that the directory is writable. */
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
                    "taking over the PostgreSQL that an earlier Mailbell left in {}", files.data());
            port = orphan.get();
        } else {
            postmaster.stop();
            port = postmaster.start(settings, files.lastPort());
        }
        boolean serves = false;
        try {
            prepareRoles();
            serves = true;
        } finally {
            if (!serves) {
                postmaster.stop();
            }
        }
        monitor = new RecurringTask("postgresql-monitor", MONITOR_INTERVAL, this::superviseServer);
    }

    /**
     * The port of a running server in our data directory that accepts our password and has the
     * current settings.
     */
    private Optional<Integer> healthyOrphan() throws IOException {
        if (!postmaster.awaitReady(ORPHAN_TIMEOUT) || !settings.areIn(files.data())) {
            return Optional.empty();
        }
        Optional<PostmasterFile> orphan = postmaster.running();
        if (orphan.isEmpty() || !answers(orphan.get().port())) {
            return Optional.empty();
        }
        return Optional.of(orphan.get().port());
    }

    /**
     * Whether our own server answers on the port: SCRAM authenticates both sides, and only our
     * server knows the hash of the password.
     */
    private boolean answers(int atPort) {
        try (Connection connection =
                        ServerRoles.connect(ServerRoles.superuser(atPort, "postgres", password));
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select current_setting('data_directory')")) {
            return row.next() && row.getString(1).equals(files.data().toString());
        } catch (SQLException e) {
            log.warn(
                    "the PostgreSQL left in {} refuses the login: {}",
                    files.data(),
                    e.getMessage());
            return false;
        }
    }

    private void prepareRoles() {
        try {
            ServerRoles.prepare(port, password);
        } catch (SQLException e) {
            String why =
                    PSQLState.INVALID_PASSWORD.getState().equals(e.getSQLState())
                            ? "the file database.password beside it does not hold its password: restore the file"
                            : ErrorHints.of(String.valueOf(e.getMessage()));
            throw new DatabaseException(
                    "the embedded PostgreSQL in "
                            + files.data()
                            + " runs, but cannot be used: "
                            + why,
                    e);
        }
    }

    /** The address of Mailbell's database, as its ordinary role; {@link #restart} keeps it. */
    public DatabaseAddress address() {
        return address(ServerRoles.DATABASE);
    }

    /** The address of another database of the server, as the ordinary role. */
    public DatabaseAddress address(String database) {
        return ServerRoles.daemon(port, database, password);
    }

    /** The address of a database of the server, as its superuser. */
    public DatabaseAddress superuserAddress(String database) {
        return ServerRoles.superuser(port, database, password);
    }

    /**
     * The address of Mailbell's database on a server that another process runs in a data directory;
     * empty when none runs there.
     */
    static Optional<DatabaseAddress> runningIn(Path dataDir) throws IOException {
        EmbeddedFiles files = new EmbeddedFiles(dataDir.toRealPath(), true);
        Optional<PostmasterFile> file =
                files.exists() ? PostmasterFile.read(files.data()) : Optional.empty();
        return file.filter(it -> it.ready() && it.isAlive(files.data())).isEmpty()
                ? Optional.empty()
                : Optional.of(
                        ServerRoles.daemon(
                                file.get().port(), ServerRoles.DATABASE, files.password()));
    }

    public Path dataDir() {
        return files.directory();
    }

    /** Restarts a server that was killed, and limits the size of its log. */
    private synchronized void superviseServer() {
        try {
            if (!closed && postmaster.running().isEmpty()) {
                log.error(
                        "PostgreSQL has ended, starting it again; the end of its log: {}",
                        files.log().since(0));
                postmaster.startAgain(settings, port);
            }
            files.log().limitLength();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Stops the server and starts it again on the same port.
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
     * Stops the server within 25 s; running transactions are aborted. The caller closes the pool
     * first.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (monitor != null) {
            monitor.close();
        }
        try (lock) {
            postmaster.stop();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
