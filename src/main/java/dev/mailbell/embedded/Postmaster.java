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
 * Ctrl-C at the daemon's terminal does not reach it before the daemon is done with it.
 */
final class Postmaster {
    private static final Logger log = LoggerFactory.getLogger(Postmaster.class);
    private static final int TRIES = 3;

    /** Above what any system numbers processes up to. */
    private static final int NOBODYS_PID = Integer.MAX_VALUE;

    /** Includes the replay of 256 MB of log after a power cut, on a slow disk. */
    private static final Duration START = Duration.ofSeconds(120);

    private static final Duration FAST = Duration.ofSeconds(20);
    private static final Duration IMMEDIATE = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(10);

    private static final int LOWEST_PORT = 15_432;
    private static final int HIGHEST_PORT = 32_768;
    private static final int PORT_DRAWS = 20;

    private final EmbeddedFiles cluster;
    private final PostgresPrograms programs;
    private final ServerUser user;

    Postmaster(EmbeddedFiles cluster, PostgresPrograms programs, ServerUser user) {
        this.cluster = cluster;
        this.programs = programs;
        this.user = user;
    }

    /** The server that runs in the data directory, when one does. */
    Optional<PostmasterFile> running() throws IOException {
        return PostmasterFile.read(cluster.data()).filter(file -> file.isAlive(cluster.data()));
    }

    /**
     * Starts a server.
     *
     * @param wantedPort taken if it is free, else another; 0 for any
     * @return its port
     */
    int start(ServerSettings settings, int wantedPort) throws IOException {
        int port = wantedPort;
        for (int attempt = 1; attempt < TRIES; attempt++) {
            port = freePort(port);
            if (tryStart(settings, port)) {
                return port;
            }
            // Somebody took the port between our look and PostgreSQL's.
            port = 0;
        }
        return startAgain(settings, freePort(0));
    }

    /** Starts the server where its clients expect it, on this port and no other. */
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
        disownStaleFile();
        settings.write(cluster.directory(), cluster.data(), user, port);
        cluster.log().bound();
        long logged = cluster.log().length();
        ProcessRunner.Outcome outcome = ProcessRunner.run(pgCtl(), START.plusSeconds(5));
        if (outcome.succeeded()) {
            cluster.rememberPort(port);
            return true;
        }
        String said = cluster.log().since(logged);
        if (said.contains("Address already in use")) {
            return false;
        }
        throw new DatabaseException(
                "the embedded PostgreSQL does not start in "
                        + cluster.data()
                        + ": "
                        + ErrorHints.of(said.isEmpty() ? outcome.output() : said));
    }

    private List<String> pgCtl() {
        return user.with(
                programs.program("pg_ctl"),
                "start",
                "--pgdata=" + cluster.data(),
                "--log=" + cluster.log().file(),
                "--wait",
                "--timeout=" + START.toSeconds(),
                "--silent");
    }

    /**
     * Takes the number out of the file of a dead server when something else answers to it: another
     * program, or a zombie that nobody reaps. PostgreSQL would take that for a running server. The
     * rest of the file stays: by it PostgreSQL makes sure that no process of the dead server lives
     * on.
     */
    private void disownStaleFile() throws IOException {
        Optional<PostmasterFile> file = PostmasterFile.read(cluster.data());
        if (file.isPresent()
                && !file.get().isAlive(cluster.data())
                && ProcessHandle.of(file.get().pid()).isPresent()) {
            log.info(
                    "process {} is not the PostgreSQL of {} any more",
                    file.get().pid(),
                    cluster.data());
            Path path = PostmasterFile.file(cluster.data());
            String rest = Files.readString(path).lines().skip(1).collect(Collectors.joining("\n"));
            DirectoryTrees.write(
                    cluster.directory(), path, NOBODYS_PID + "\n" + rest + "\n", "rw-------");
            user.own(path);
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
        // Below the range that systems lend to outgoing connections: those come and go between our
        // look and PostgreSQL's, and between one start and the next.
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
            // Without this, connections of the last run in TIME_WAIT would cost us the port.
            socket.setReuseAddress(true);
            socket.bind(
                    new InetSocketAddress(
                            InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port));
            return socket.getLocalPort();
        }
    }

    /** Waits until the server that runs takes connections; false when it ends or takes too long. */
    boolean awaitReady(Duration patience) throws IOException {
        long end = System.nanoTime() + patience.toNanos();
        for (Optional<PostmasterFile> file = running();
                file.isPresent() && System.nanoTime() - end < 0;
                file = running()) {
            if (file.get().ready()) {
                return true;
            }
            pause();
        }
        return false;
    }

    /**
     * Stops the server that runs: transactions are broken off, and if that does not help, it is.
     */
    void stop() throws IOException {
        Optional<PostmasterFile> file = running();
        if (file.isEmpty()) {
            return;
        }
        PostmasterFile server = file.get();
        signal(server, "INT");
        if (ended(server, FAST)) {
            return;
        }
        log.warn("PostgreSQL does not stop within {} s, ending it at once", FAST.toSeconds());
        signal(server, "QUIT");
        if (!ended(server, IMMEDIATE)) {
            log.warn("PostgreSQL does not end, killing process {}", server.pid());
            ProcessHandle.of(server.pid()).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /** Only pg_ctl sends these signals on every system; it checks the process number again. */
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
        while (server.isAlive(cluster.data())) {
            if (System.nanoTime() - end >= 0) {
                return false;
            }
            pause();
        }
        return true;
    }

    private static void pause() {
        try {
            Thread.sleep(LOOK);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseException("interrupted while waiting for PostgreSQL", e);
        }
    }
}
