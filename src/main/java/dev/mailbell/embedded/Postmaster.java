package dev.mailbell.embedded;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.ErrorHints;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts and stops the server process. {@code pg_ctl} puts it into a session of its own, so that a
 * Ctrl-C at the daemon's terminal does not stop it before the daemon has closed its connections.
 */
final class Postmaster {
    private static final Logger log = LoggerFactory.getLogger(Postmaster.class);
    private static final int TRIES = 3;

    /** Above the highest process id of every system. */
    private static final int UNUSED_PID = Integer.MAX_VALUE;

    /** Enough for the replay of 256 MB of WAL after a power cut, on a slow disk. */
    private static final Duration START_TIMEOUT = Duration.ofSeconds(120);

    private static final Duration FAST_SHUTDOWN = Duration.ofSeconds(20);
    private static final Duration IMMEDIATE_SHUTDOWN = Duration.ofSeconds(5);
    private static final Duration POLL_INTERVAL = Duration.ofMillis(10);

    private static final int LOWEST_PORT = 15_432;
    private static final int HIGHEST_PORT = 32_768;
    private static final int PORT_DRAWS = 20;

    private final EmbeddedFiles files;
    private final PostgresPrograms programs;
    private final ServerUser user;

    Postmaster(EmbeddedFiles files, PostgresPrograms programs, ServerUser user) {
        this.files = files;
        this.programs = programs;
        this.user = user;
    }

    /** The server that runs in the data directory; empty when none does. */
    Optional<PostmasterFile> running() throws IOException {
        return PostmasterFile.read(files.data()).filter(file -> file.isAlive(files.data()));
    }

    /**
     * Starts a server.
     *
     * @param wantedPort used if it is free, otherwise another; 0 for any
     * @return its port
     */
    int start(ServerSettings settings, int wantedPort) throws IOException {
        int port = wantedPort;
        for (int attempt = 1; attempt < TRIES; attempt++) {
            port = freePort(port);
            if (tryStart(settings, port)) {
                return port;
            }
            // Another program took the port between the test above and PostgreSQL's bind.
            port = 0;
        }
        return startAgain(settings, freePort(0));
    }

    /** Starts the server on this port and no other, because its clients know the port. */
    @CanIgnoreReturnValue
    int startAgain(ServerSettings settings, int port) throws IOException {
        if (!tryStart(settings, port)) {
            throw new DatabaseException(
                    "the embedded PostgreSQL does not start: port "
                            + port
                            + " of 127.0.0.1 is taken by another program; stop that one or restart Mailbell");
        }
        return port;
    }

    /** False when the port is taken. */
    private boolean tryStart(ServerSettings settings, int port) throws IOException {
        neutralizeStaleFile();
        settings.write(files.directory(), files.data(), user, port);
        files.log().limitLength();
        long logged = files.log().length();
        ProcessRunner.Outcome outcome = ProcessRunner.run(pgCtl(), START_TIMEOUT.plusSeconds(5));
        if (outcome.succeeded()) {
            files.rememberPort(port);
            return true;
        }
        String logText = files.log().since(logged);
        if (logText.contains("Address already in use")) {
            return false;
        }
        throw new DatabaseException(
                "the embedded PostgreSQL does not start in "
                        + files.data()
                        + ": "
                        + ErrorHints.of(logText.isEmpty() ? outcome.output() : logText));
    }

    private List<String> pgCtl() {
        return user.with(
                programs.program("pg_ctl"),
                "start",
                "--pgdata=" + files.data(),
                "--log=" + files.log().file(),
                "--wait",
                "--timeout=" + START_TIMEOUT.toSeconds(),
                "--silent");
    }

    /**
     * Replaces the process id in the file of a dead server when another process has that id now, or
     * a zombie still has it: PostgreSQL would take that process for a running server. The rest of
     * the file stays, because from it PostgreSQL checks that no process of the dead server is left.
     */
    private void neutralizeStaleFile() throws IOException {
        Optional<PostmasterFile> file = PostmasterFile.read(files.data());
        if (file.isEmpty()) {
            deleteDamagedFile(PostmasterFile.file(files.data()));
            return;
        }
        if (!file.get().isAlive(files.data()) && ProcessHandle.of(file.get().pid()).isPresent()) {
            log.info(
                    "process {} is not the PostgreSQL of {} any more",
                    file.get().pid(),
                    files.data());
            Path path = PostmasterFile.file(files.data());
            String rest = Files.readString(path).lines().skip(1).collect(Collectors.joining("\n"));
            DirectoryTrees.write(
                    files.directory(), path, UNUSED_PID + "\n" + rest + "\n", "rw-------");
            user.own(path);
        }
    }

    /**
     * After a power cut the file may be empty or hold other octets, and PostgreSQL refuses to start
     * while it is there. It stays while a server of the directory runs: the file may be that
     * server's.
     */
    private void deleteDamagedFile(Path file) throws IOException {
        if (Files.exists(file) && !PostmasterFile.isAnyAlive(files.data())) {
            log.warn("{} is damaged, and its server does not run: it is deleted", file);
            Files.delete(file);
        }
    }

    private static int freePort(int wanted) throws IOException {
        if (wanted != 0) {
            try {
                return bindable(wanted);
            } catch (IOException e) {
                log.info("port {} of the last start is taken: {}", wanted, e.getMessage());
            }
        }
        // Below the ephemeral range: ports of outgoing connections change between this test and
        // PostgreSQL's bind, and between two starts.
        for (int i = 0; i < PORT_DRAWS; i++) {
            try {
                return bindable(ThreadLocalRandom.current().nextInt(LOWEST_PORT, HIGHEST_PORT));
            } catch (IOException taken) {
                log.debug("a drawn port is taken: {}", taken.getMessage());
            }
        }
        return bindable(0);
    }

    private static int bindable(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            // Otherwise connections of the last run in TIME_WAIT would block the port.
            socket.setReuseAddress(true);
            socket.bind(
                    new InetSocketAddress(
                            InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            return socket.getLocalPort();
        }
    }

    /** Waits until the running server accepts connections; false when it ends or takes too long. */
    boolean awaitReady(Duration patience) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            Optional<PostmasterFile> file = running();
            if (file.isEmpty()) {
                return false;
            }
            // Compared before the time is, because on a busy machine the first read of the file may
            // take longer than that.
            if (file.get().ready()) {
                return true;
            }
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            pause();
        }
    }

    /**
     * Stops the running server: a fast shutdown, which aborts transactions, then an immediate one,
     * then a kill.
     */
    void stop() throws IOException {
        Optional<PostmasterFile> file = running();
        if (file.isEmpty()) {
            return;
        }
        PostmasterFile server = file.get();
        signal(server, "INT");
        if (ended(server, FAST_SHUTDOWN)) {
            return;
        }
        log.warn(
                "PostgreSQL does not stop within {} s, ending it at once",
                FAST_SHUTDOWN.toSeconds());
        signal(server, "QUIT");
        if (!ended(server, IMMEDIATE_SHUTDOWN)) {
            log.warn("PostgreSQL does not end, killing process {}", server.pid());
            ProcessHandle.of(server.pid()).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /** Sends a signal with pg_ctl, which works on every system and checks the process id again. */
    private void signal(PostmasterFile server, String name) throws IOException {
        ProcessRunner.Outcome outcome =
                ProcessRunner.run(
                        user.with(
                                programs.program("pg_ctl"),
                                "kill",
                                name,
                                Long.toString(server.pid())),
                        Duration.ofSeconds(10));
        if (!outcome.succeeded()) {
            log.warn("cannot signal PostgreSQL, process {}: {}", server.pid(), outcome.output());
        }
    }

    private boolean ended(PostmasterFile server, Duration patience) {
        long end = System.nanoTime() + patience.toNanos();
        while (server.isAlive(files.data())) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            pause();
        }
        return true;
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_INTERVAL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException("interrupted while waiting for PostgreSQL", e);
        }
    }
}
