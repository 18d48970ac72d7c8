package dev.mailbell.embedded;

import static org.awaitility.Awaitility.await;

import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.ServerName;
import dev.mailbell.database.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;

/**
 * A primary and a hot standby that follows it, from the embedded PostgreSQL's own programs. The
 * standby begins as a copy of the primary's files, so that no further program is needed.
 */
public final class ReplicatedServers implements AutoCloseable {
    private static final Duration COPY = Duration.ofMinutes(1);
    private static final Map<String, String> SETTINGS =
            Map.of(
                    "fsync", "off",
                    "wal_level", "replica",
                    "max_wal_senders", "4",
                    "hot_standby", "on");
    private static final int POOL = 24;
    private static final String FOLLOWERS =
            "select count(*) from pg_stat_replication where state = 'streaming'";

    private final EmbeddedPostgres primary;
    private final EmbeddedPostgres standby;

    private ReplicatedServers(EmbeddedPostgres primary, EmbeddedPostgres standby) {
        this.primary = primary;
        this.standby = standby;
    }

    /** Starts both under a directory; returns when the standby follows the primary. */
    public static ReplicatedServers start(Path directory) {
        try {
            Path first = directory.resolve("primary");
            Path second = directory.resolve("standby");
            server(first, SETTINGS).close();
            ProcessRunner.Outcome copied =
                    ProcessRunner.run(
                            List.of("cp", "-a", first.toString(), second.toString()), COPY);
            if (!copied.succeeded()) {
                throw new AssertionError(copied.output());
            }
            EmbeddedPostgres primary = server(first, SETTINGS);
            boolean started = false;
            try {
                ReplicatedServers both = new ReplicatedServers(primary, follow(primary, second));
                // The standby's first try to connect may come before the new access rule.
                await().until(() -> on(primary, FOLLOWERS).equals("1"));
                started = true;
                return both;
            } finally {
                if (!started) {
                    primary.close();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static EmbeddedPostgres server(Path directory, Map<String, String> settings) {
        return EmbeddedPostgres.start(
                directory, TestDatabase.programs(), ServerSettings.of(POOL, settings), false);
    }

    private static EmbeddedPostgres follow(EmbeddedPostgres primary, Path directory)
            throws IOException {
        DatabaseAddress address = primary.superuserAddress("mailbell");
        Files.writeString(
                primary.dataDir().resolve("database/pg_hba.conf"),
                "host replication all 127.0.0.1/32 scram-sha-256\n",
                StandardOpenOption.APPEND);
        on(primary, "select pg_reload_conf()");
        Files.createFile(directory.resolve("database/standby.signal"));
        Map<String, String> settings = new HashMap<>(SETTINGS);
        settings.put(
                "primary_conninfo",
                "'host=127.0.0.1 port=%d user=%s password=%s'"
                        .formatted(port(address), address.username(), address.password()));
        return server(directory, settings);
    }

    public EmbeddedPostgres primary() {
        return primary;
    }

    public EmbeddedPostgres standby() {
        return standby;
    }

    /** The port of a server. */
    public static int port(DatabaseAddress address) {
        return Integer.parseInt(ServerName.of(address.url()).port());
    }

    /** Makes the standby the primary. */
    public void promote() {
        String promoted = on(standby, "select pg_promote()");
        if (!promoted.equals("t")) {
            throw new AssertionError("the standby was not promoted");
        }
    }

    private static String on(EmbeddedPostgres server, String sql) {
        DatabaseAddress address = server.superuserAddress("mailbell");
        return Jdbi.create(address.url(), address.username(), address.password())
                .withHandle(handle -> handle.createQuery(sql).mapTo(String.class).one());
    }

    @Override
    public void close() {
        standby.close();
        primary.close();
    }
}
