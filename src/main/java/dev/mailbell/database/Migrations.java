package dev.mailbell.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.CoreErrorCode;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.MigrationVersion;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Migrates the tables, on connections of its own with a socket timeout of 1 h, because a migration
 * may take long.
 */
final class Migrations {
    private static final int SOCKET_SECONDS = 3600;

    private final ServerName name;
    private final Flyway flyway;

    Migrations(DatabaseAddress address) {
        name = ServerName.of(address.url());
        PGSimpleDataSource source = new LockTimeoutSource();
        // Parameters of the URL override this.
        source.setTargetServerType("primary");
        source.setUrl(address.url());
        if (!address.username().isEmpty()) {
            source.setUser(address.username());
        }
        if (!address.password().isEmpty()) {
            source.setPassword(address.password());
        }
        source.setApplicationName("mailbell migrate");
        source.setConnectTimeout(5);
        source.setSocketTimeout(SOCKET_SECONDS);
        source.setTcpKeepAlive(true);
        flyway =
                Flyway.configure()
                        .dataSource(source)
                        .locations("classpath:db/migration")
                        .cleanDisabled(true)
                        .load();
    }

    int migrate() {
        try {
            refuseNewer(flyway.info());
            return flyway.migrate().migrationsExecuted;
        } catch (FlywayException e) {
            throw explained(e);
        }
    }

    private void refuseNewer(MigrationInfoService info) {
        boolean newer =
                Arrays.stream(info.all())
                        .map(MigrationInfo::getState)
                        .anyMatch(state ->
                                state == MigrationState.FUTURE_SUCCESS
                                        || state == MigrationState.FUTURE_FAILED);
        if (newer) {
            @Nullable MigrationInfo current = info.current();
            @Nullable MigrationVersion version = current == null ? null : current.getVersion();
            throw new DatabaseException(
                    "the database at "
                            + name
                            + " was migrated to version "
                            + version
                            + " by a newer Mailbell: start that version, or restore a backup made before it");
        }
    }

    private DatabaseException explained(FlywayException e) {
        String problem =
                switch (e.getErrorCode()) {
                    case CoreErrorCode.NON_EMPTY_SCHEMA_WITHOUT_SCHEMA_HISTORY_TABLE ->
                            "holds tables that are not Mailbell's: give Mailbell a database of its own";
                    case CoreErrorCode.VALIDATE_ERROR, CoreErrorCode.CHECKSUM_MISMATCH ->
                            "was made by other migrations than this program's; use the release that made it, or a"
                                    + " backup: "
                                    + e.getMessage();
                    default ->
                            Database.isAway(e)
                                    ? "went away during the migration: start again when it is back"
                                    : "cannot be migrated: " + e.getMessage();
                };
        return new DatabaseException("the database at " + name + " " + problem, e);
    }

    /**
     * Limits the wait for table locks to 30 s, so that a lock held by another session ends the
     * start with a message.
     */
    private static final class LockTimeoutSource extends PGSimpleDataSource {
        private static final long serialVersionUID = 1;

        @Override
        public Connection getConnection(@Nullable String user, @Nullable String password)
                throws SQLException {
            Connection connection = super.getConnection(user, password);
            try (Statement statement = connection.createStatement()) {
                statement.execute("set lock_timeout = '30s'");
            }
            return connection;
        }
    }
}
