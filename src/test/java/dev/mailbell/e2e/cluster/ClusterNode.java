package dev.mailbell.e2e.cluster;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.ServerName;
import dev.mailbell.e2e.DaemonProcess;
import dev.mailbell.e2e.Rest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One life of a node: a daemon process with its own data directory, its own way to PostgreSQL and
 * its own address towards mail servers.
 */
final class ClusterNode implements AutoCloseable {
    private static final List<String> SMALL = List.of("-Xmx128m", "-Xss512k");

    private final int number;
    private final Path folder;
    private final DatabaseLink database;
    private final DaemonProcess process;
    private final Freezes freezes;

    /**
     * How a node differs from the others.
     *
     * @param environment more settings
     * @param pop3Interval between checks of maildrops
     */
    record Settings(
            Map<String, String> environment, List<String> javaOptions, String pop3Interval) {
        static final Settings USUAL = new Settings(Map.of(), List.of(), "2s");

        /**
         * For a node whose clock is ahead, or behind.
         *
         * @param folder for the agent that sets the clock off
         */
        static Settings ahead(Path folder, Duration offset, String pop3Interval)
                throws IOException {
            return new Settings(
                    Map.of(), List.of(ClockOffset.option(folder, offset)), pop3Interval);
        }
    }

    private ClusterNode(
            int number, Path folder, DatabaseLink database, Freezes freezes, Settings settings) {
        this.number = number;
        this.folder = folder;
        this.database = database;
        this.freezes = freezes;
        List<String> options = new ArrayList<>(SMALL);
        options.addAll(settings.javaOptions());
        Path log = Path.of("config/logback.xml");
        process =
                number == 1
                        ? DaemonProcess.startArchiving(folder, settings.environment(), log, options)
                        : DaemonProcess.start(folder, settings.environment(), log, options);
    }

    /**
     * Starts it; it is not ready yet.
     *
     * @param number its own in the cluster, 1 to 250
     */
    static ClusterNode start(
            int number,
            Path clusterFolder,
            DatabaseAddress server,
            Freezes freezes,
            Settings settings)
            throws IOException {
        Path folder = Files.createDirectories(clusterFolder.resolve("node-" + number));
        ServerName name = ServerName.of(server.url());
        DatabaseLink link = new DatabaseLink(Integer.parseInt(name.port()));
        Map<String, String> environment = new HashMap<>(settings.environment());
        environment.put("MAILBELL_CONFIG", folder.resolve("mailbell.yaml").toString());
        // In clear text, so that the link can tell the messages apart.
        environment.put(
                "MAILBELL_DATABASE_URL",
                "jdbc:postgresql://127.0.0.1:%d/%s?sslmode=disable&gssEncMode=disable"
                        .formatted(link.port(), name.database()));
        environment.put("MAILBELL_DATABASE_USERNAME", server.username());
        environment.put("MAILBELL_DATABASE_PASSWORD", server.password());
        environment.putIfAbsent(
                "MAILBELL_SECURITY_KEYSET", clusterFolder.resolve("keyset.json").toString());
        environment.put("MAILBELL_CLUSTER_NODE_NAME", "node-" + number);
        write(folder, number, settings.pop3Interval());
        return new ClusterNode(
                number,
                folder,
                link,
                freezes,
                new Settings(environment, settings.javaOptions(), settings.pop3Interval()));
    }

    private static void write(Path folder, int number, String pop3Interval) {
        try {
            Files.writeString(
                    folder.resolve("mailbell.yaml"),
                    """
                    network:
                      allowPrivate: [127.0.0.0/8]
                      allowCleartext: ["127.0.0.1"]
                      egress: { own: { local: 127.0.1.%d } }
                    database: { pool: 6 }
                    polling:
                      imap: { interval: 20s, min: 1s }
                      pop3: { interval: %s, min: 1s }
                    providers:
                      - { match: ["127.0.0.1"], egress: own, connections: 1000, loginsPerSecond: 500 }
                    webhooks:
                      pauseFloor: 1s
                      breaker: { openFor: 1s }
                      retrySchedule: [100ms, 200ms, 500ms, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s]
                    limits: { requestsPerSecond: 10000, checksPerMinute: 100000 }
                    """
                            .formatted(number, pop3Interval));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Its number; nodes that are started later have higher ones. */
    int number() {
        return number;
    }

    DatabaseLink database() {
        return database;
    }

    /** Waits until it is ready. */
    Rest rest() {
        return process.rest();
    }

    DaemonProcess process() {
        return process;
    }

    String log() {
        return process.log();
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Changes its file and has it read. */
    void reconfigure(String pop3Interval) throws InterruptedException, IOException {
        write(folder, number, pop3Interval);
        process.signal("HUP");
    }

    /** SIGSTOP. */
    void freeze() throws InterruptedException, IOException {
        freezes.begin(number);
        process.signal("STOP");
    }

    /** SIGCONT. */
    void thaw() throws InterruptedException, IOException {
        process.signal("CONT");
        freezes.end(number);
    }

    /** SIGKILL. */
    void kill() throws InterruptedException, IOException {
        process.kill();
        freezes.end(number);
        database.close();
    }

    /** SIGTERM; waits for the end. */
    @Override
    public void close() throws InterruptedException, IOException {
        process.close();
        database.close();
    }

    @Override
    public String toString() {
        return "node " + number;
    }
}
