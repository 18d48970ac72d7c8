package dev.mailbell.database;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts and stops the server process. {@code pg_ctl} puts it into a session of its own, so that a
 * Ctrl-C at the daemon's terminal does not reach it before the daemon is done with it.
 */
final class Postmaster {
    private static final Logger log = LoggerFactory.getLogger(Postmaster.class);
    private static final int TRIES = 3;

    /** Includes the replay of 256 MB of log after a power cut, on a slow disk. */
    private static final Duration START = Duration.ofSeconds(120);

    private static final Duration FAST = Duration.ofSeconds(20);
    private static final Duration IMMEDIATE = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(10);

    private final Cluster cluster;
    private final Programs programs;
    private final ServerUser user;

    Postmaster(Cluster cluster, Programs programs, ServerUser user) {
        this.cluster = cluster;
        this.programs = programs;
        this.user = user;
    }

    /** The server that runs in the data directory, when one does. */
    Optional<PostmasterFile> running() throws IOException {
        return PostmasterFile.read(cluster.data()).filter(file -> file.isAlive(cluster.data()));
    }

    /**
     * Starts a server, on the port of last time where that is free.
     *
     * @return its port
     */
    int start(ServerSettings settings) throws IOException {
        removeStaleFile();
        int port = cluster.lastPort();
        for (int attempt = 1; ; attempt++) {
            port = freePort(port);
            settings.write(cluster.directory(), cluster.data(), user, port);
            cluster.log().bound();
            long logged = cluster.log().length();
            Command.Outcome outcome = Command.run(pgCtl("start"), START.plusSeconds(5));
            if (outcome.succeeded()) {
                cluster.rememberPort(port);
                return port;
            }
            String said = cluster.log().since(logged);
            if (attempt == TRIES || !said.contains("Address already in use")) {
                throw new DatabaseException(
                        "the embedded PostgreSQL does not start in "
                                + cluster.data()
                                + ": "
                                + Remedies.of(said.isEmpty() ? outcome.output() : said));
            }
            // Somebody took the port between our look and PostgreSQL's.
            port = 0;
        }
    }

    private List<String> pgCtl(String action) {
        return user.with(
                programs.program("pg_ctl"),
                action,
                "--pgdata=" + cluster.data(),
                "--log=" + cluster.log().file(),
                "--wait",
                "--timeout=" + START.toSeconds(),
                "--silent");
    }

    /**
     * Removes the file of a dead server whose number another program has got since: PostgreSQL
     * would take that one for a running server.
     */
    private void removeStaleFile() throws IOException {
        Optional<PostmasterFile> file = PostmasterFile.read(cluster.data());
        if (file.isPresent()
                && !file.get().isAlive(cluster.data())
                && ProcessHandle.of(file.get().pid()).isPresent()) {
            log.info(
                    "process {} is not the database of {} any more",
                    file.get().pid(),
                    cluster.data());
            Files.delete(PostmasterFile.file(cluster.data()));
        }
    }

    private static int freePort(int wanted) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            // Without this, connections of the last run in TIME_WAIT would cost us the port.
            socket.setReuseAddress(true);
            socket.bind(
                    new InetSocketAddress(
                            InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), wanted));
            return socket.getLocalPort();
        } catch (IOException e) {
            if (wanted == 0) {
                throw e;
            }
            log.info("port {} of the last start is taken: {}", wanted, e.getMessage());
            return freePort(0);
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
            LockSupport.parkNanos(LOOK.toNanos());
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
        Command.Outcome outcome =
                Command.run(
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
            LockSupport.parkNanos(LOOK.toNanos());
        }
        return true;
    }
}
