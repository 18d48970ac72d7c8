package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.database.Database;
import dev.mailbell.database.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstallationMetersTest {
    @TempDir private Path dataDir;

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final AtomicReference<List<String>> trouble = new AtomicReference<>(List.of());

    private double value(String name) {
        return registry.get(name).gauge().value();
    }

    private double webhooks(String state) {
        return registry.get("webhooks").tag("state", state).gauge().value();
    }

    @Test
    void what_the_installation_holds_is_read_in_the_background() throws Exception {
        try (Database database = TestDatabase.create()) {
            // Before the start: ten seconds later the tables are read for the next minute.
            database.jdbi()
                    .useHandle(handle ->
                            handle.execute(
                                    "insert into webhook (id, client_id, url, events, labels, secret, state,"
                                            + " created_at, updated_at) select ?, id, 'https://example.org',"
                                            + " '{*}', '{}', '', 'failing', now(), now() from client limit 1",
                                    UUID.randomUUID()));
            try (InstallationMeters meters =
                    InstallationMeters.start(registry, database, dataDir, trouble::get)) {
                meters.read();
                assertThat(value("ready")).isEqualTo(1);
                assertThat(value("database.size")).isGreaterThan(1e6);
                assertThat(value("data.disk.size"))
                        .isEqualTo(Files.getFileStore(dataDir).getTotalSpace());
                assertThat(value("data.disk.free")).isBetween(1.0, value("data.disk.size"));
                assertThat(webhooks("failing")).isEqualTo(1);
                assertThat(webhooks("enabled")).isZero();

                trouble.set(List.of("the database is away"));
                meters.read();
                assertThat(value("ready")).isZero();
            }
        }
    }

    @Test
    void what_cannot_be_read_has_no_value() {
        Database database = TestDatabase.create();
        database.close();
        try (InstallationMeters meters =
                InstallationMeters.start(
                        registry, database, dataDir.resolve("none"), trouble::get)) {
            meters.read();
            assertThat(value("database.size")).isNaN();
            assertThat(webhooks("enabled")).isNaN();
            assertThat(value("data.disk.free")).isNaN();
            assertThat(value("ready")).isEqualTo(1);
        }
    }
}
