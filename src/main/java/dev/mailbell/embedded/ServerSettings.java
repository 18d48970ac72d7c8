package dev.mailbell.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of the embedded server: durable, small in memory, on loopback only. The file is
 * written at every start; an operator's own settings go to {@code custom.conf} beside it.
 */
public record ServerSettings(Map<String, String> values) {
    private static final int MIN_CONNECTIONS = 40;

    public static ServerSettings of(int poolSize, Map<String, String> extra) {
        Map<String, String> values = new TreeMap<>();
        values.put("listen_addresses", "'127.0.0.1'");
        // A socket path has 107 bytes at most; the path of a data directory is often longer.
        values.put("unix_socket_directories", "''");
        values.put("max_connections", Integer.toString(Math.max(MIN_CONNECTIONS, poolSize + 10)));
        values.put("shared_buffers", "64MB");
        values.put("work_mem", "4MB");
        values.put("maintenance_work_mem", "32MB");
        values.put("effective_cache_size", "256MB");
        values.put("jit", "off");
        values.put("max_parallel_workers_per_gather", "0");
        values.put("max_worker_processes", "4");
        // No separate I/O processes: the daemon reads little.
        values.put("io_method", "sync");
        values.put("fsync", "on");
        values.put("synchronous_commit", "on");
        values.put("full_page_writes", "on");
        values.put("max_logical_replication_workers", "0");
        values.put("wal_level", "minimal");
        values.put("max_wal_senders", "0");
        values.put("min_wal_size", "64MB");
        values.put("max_wal_size", "256MB");
        values.put("checkpoint_timeout", "15min");
        values.put("wal_compression", "on");
        values.put("wal_writer_delay", "1s");
        values.put("autovacuum", "on");
        values.put("password_encryption", "'scram-sha-256'");
        values.put("timezone", "'UTC'");
        values.put("log_timezone", "'UTC'");
        values.put("log_line_prefix", "'%m [%p] '");
        values.put("log_checkpoints", "off");
        // A statement in the log could contain a secret.
        values.put("log_min_error_statement", "panic");
        values.put("log_error_verbosity", "terse");
        values.putAll(extra);
        return new ServerSettings(values);
    }

    /** Writes the settings, and the access rule: password logins from loopback only. */
    void write(Path stagingDirectory, Path data, ServerUser user, int port) throws IOException {
        // Readable by others, because the server's user reads them; only it can enter the
        // directory.
        Path hba = data.resolve("pg_hba.conf");
        String own = Files.exists(data.resolve("custom.conf")) ? "include 'custom.conf'\n" : "";
        DirectoryTrees.write(
                stagingDirectory, file(data), text() + "port = " + port + "\n" + own, "rw-r--r--");
        DirectoryTrees.write(
                stagingDirectory, hba, "host all all 127.0.0.1/32 scram-sha-256\n", "rw-r--r--");
        user.own(file(data));
        user.own(hba);
    }

    /** Whether the settings in the data directory are the same, apart from the port. */
    boolean areIn(Path data) throws IOException {
        try {
            return Files.readString(file(data)).startsWith(text());
        } catch (NoSuchFileException e) {
            return false;
        }
    }

    private static Path file(Path data) {
        return data.resolve("postgresql.conf");
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        text.append("# PostgreSQL ").append(PostgresPrograms.VERSION);
        text.append(
                ". Mailbell writes this file at every start; put your own settings into custom.conf.\n");
        values.forEach((key, value) -> text.append(key).append(" = ").append(value).append('\n'));
        return text.toString();
    }
}
