package dev.mailbell;

import dev.mailbell.database.Database;
import dev.mailbell.database.RecurringTask;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metrics of the whole installation that no other part counts: whether the node is ready, what the
 * database and the disk hold, and in which state webhooks are. A thread of its own reads them, so
 * that a scrape waits for nothing. What cannot be read now is NaN.
 */
final class InstallationMeters implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(InstallationMeters.class);
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    /** The tables are read once in so many intervals. */
    private static final int TABLES_EACH = 6;

    private static final List<String> WEBHOOK_STATES = List.of("enabled", "failing", "disabled");

    private final Map<String, Double> values = new ConcurrentHashMap<>();
    private final MeterRegistry registry;
    private final Database database;
    private final Path dataDir;
    private final Supplier<List<String>> readiness;
    private final RecurringTask task;
    private int round;

    private InstallationMeters(
            MeterRegistry registry,
            Database database,
            Path dataDir,
            Supplier<List<String>> readiness) {
        this.registry = registry;
        this.database = database;
        this.dataDir = dataDir;
        this.readiness = readiness;
        gauge("ready", null, "1 while /readyz answers 200");
        gauge(
                "database.size",
                "bytes",
                "What the database takes up on its disk, the same on every node");
        gauge("data.disk.free", "bytes", "Free space for the data directory");
        gauge("data.disk.size", "bytes", "Size of the file system of the data directory");
        for (String state : WEBHOOK_STATES) {
            Gauge.builder("webhooks", () -> value("webhooks " + state))
                    .description("Webhooks of all clients by their state, the same on every node")
                    .tag("state", state)
                    .register(registry);
        }
        this.task = new RecurringTask("installation-meters", INTERVAL, this::read);
    }

    /** Begins to read; the first values are there after ten seconds. */
    static InstallationMeters start(
            MeterRegistry registry,
            Database database,
            Path dataDir,
            Supplier<List<String>> readiness) {
        return new InstallationMeters(registry, database, dataDir, readiness);
    }

    private void gauge(String name, @Nullable String unit, String description) {
        Gauge.builder(name, () -> value(name))
                .description(description)
                .baseUnit(unit)
                .register(registry);
    }

    private double value(String name) {
        return values.getOrDefault(name, Double.NaN);
    }

    /** Reads what is due; in tests, at once. */
    synchronized void read() {
        values.put("ready", readiness.get().isEmpty() ? 1.0 : 0.0);
        readDisk();
        if (round++ % TABLES_EACH == 0) {
            readTables();
        }
    }

    private void readDisk() {
        try {
            // With another database and a keyset from the environment there may be none.
            if (Files.isDirectory(dataDir)) {
                FileStore disk = Files.getFileStore(dataDir);
                values.put("data.disk.free", (double) disk.getUsableSpace());
                values.put("data.disk.size", (double) disk.getTotalSpace());
            }
        } catch (IOException e) {
            values.keySet().removeAll(List.of("data.disk.free", "data.disk.size"));
            LOG.debug("The space of {} cannot be read: {}", dataDir, e.toString());
        }
    }

    private void readTables() {
        try {
            database.jdbi().useHandle(this::readTables);
        } catch (RuntimeException e) {
            values.keySet()
                    .removeIf(name -> name.startsWith("webhooks") || name.startsWith("database"));
            LOG.debug("The size of the database cannot be read now: {}", e.toString());
        }
    }

    private void readTables(Handle handle) {
        long size =
                handle.createQuery("select pg_database_size(current_database())")
                        .mapTo(Long.class)
                        .one();
        values.put("database.size", (double) size);
        WEBHOOK_STATES.forEach(state -> values.put("webhooks " + state, 0.0));
        handle.createQuery("select state, count(*) from webhook group by state")
                .map((row, context) -> Map.entry(row.getString(1), (double) row.getLong(2)))
                .forEach(count -> values.put("webhooks " + count.getKey(), count.getValue()));
    }

    @Override
    public void close() {
        task.close();
    }
}
