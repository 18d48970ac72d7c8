package dev.mailbell.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.config.DatabaseConfig;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.TestDatabase;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfiguredDatabaseTest {
    @Test
    void an_empty_url_runs_the_embedded_server_and_closing_stops_it(@TempDir Path dataDir) {
        DatabaseConfig config = new DatabaseConfig("", "", "", 3);
        try (Database database = ConfiguredDatabase.open(config, dataDir)) {
            assertThat(count(database, "select 1")).isEqualTo(1);
        }
        assertThat(PostmasterFile.file(dataDir.resolve("database"))).doesNotExist();
    }

    @Test
    void a_command_joins_the_server_of_a_daemon_and_starts_its_own_where_none_runs(
            @TempDir Path dataDir) throws Exception {
        TestDatabase.lendPrograms(dataDir);
        DatabaseConfig config = new DatabaseConfig("", "", "", 3);
        Path pid = PostmasterFile.file(dataDir.resolve("database"));
        try (Database alone = ConfiguredDatabase.join(config, dataDir, 1)) {
            assertThat(count(alone, "select 1")).isEqualTo(1);
        }
        assertThat(pid).doesNotExist();
        try (Database daemon = ConfiguredDatabase.open(config, dataDir)) {
            try (Database command = ConfiguredDatabase.join(config, dataDir, 1)) {
                command.jdbi().useHandle(handle -> handle.execute("create table shared (n int)"));
            }
            assertThat(pid).exists();
            assertThat(count(daemon, "select count(*) from shared")).isZero();
        }
        assertThat(pid).doesNotExist();
    }

    @Test
    void a_url_leads_to_an_external_server(@TempDir Path dataDir) {
        DatabaseAddress address = TestDatabase.empty();
        DatabaseConfig config =
                new DatabaseConfig(address.url(), address.username(), address.password(), 2);
        try (Database database = ConfiguredDatabase.open(config, dataDir)) {
            assertThat(count(database, "select 1")).isEqualTo(1);
        }
        assertThat(dataDir).isEmptyDirectory();
    }

    private static int count(Database database, String sql) {
        return database.jdbi()
                .withHandle(handle -> handle.createQuery(sql).mapTo(Integer.class).one());
    }
}
