package dev.mailbell.embedded;

import dev.mailbell.config.DatabaseConfig;
import dev.mailbell.database.Database;
import dev.mailbell.database.DatabaseAddress;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.database.ServerName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Opens the configured database: an external server, or the embedded one. */
public final class ConfiguredDatabase {
    private ConfiguredDatabase() {}

    /**
     * Opens a pool of connections to the server that the configuration names, or to the embedded
     * one, which is started and stops after the pool is closed.
     *
     * @throws DatabaseException when the server cannot be used or started; the message says what to
     *     do
     */
    public static Database open(DatabaseConfig config, Path dataDir) {
        return config.embedded()
                ? openEmbedded(dataDir, config.pool())
                : Database.open(
                        new DatabaseAddress(config.url(), config.username(), config.password()),
                        config.pool());
    }

    /**
     * Opens the configured database beside a daemon that may use it: an embedded server that runs
     * already is not started a second time.
     *
     * @param connections at most
     */
    public static Database join(DatabaseConfig config, Path dataDir, int connections) {
        if (!config.embedded()) {
            return Database.open(
                    new DatabaseAddress(config.url(), config.username(), config.password()),
                    connections);
        }
        try {
            Optional<DatabaseAddress> running =
                    Files.exists(dataDir) ? EmbeddedPostgres.runningIn(dataDir) : Optional.empty();
            return running.isPresent()
                    ? Database.open(running.get(), connections)
                    : openEmbedded(dataDir, connections);
        } catch (IOException e) {
            throw new DatabaseException(
                    "the data directory "
                            + dataDir
                            + " cannot be read: "
                            + e
                            + "; run the command as the user that runs the daemon",
                    e);
        }
    }

    /**
     * Validates the settings without a connection.
     *
     * @throws DatabaseException when {@link #open(DatabaseConfig, Path)} would refuse these
     *     settings
     */
    public static void requireUsable(DatabaseConfig config, Path dataDir) {
        if (config.embedded()) {
            EmbeddedFiles.requirePlainLetters(dataDir);
        } else {
            ServerName.requireUrl(config.url());
        }
    }

    private static Database openEmbedded(Path dataDir, int connections) {
        EmbeddedPostgres server = EmbeddedPostgres.start(dataDir, connections);
        boolean opened = false;
        try {
            Database database = Database.open(server.address(), connections, server::close);
            opened = true;
            return database;
        } finally {
            if (!opened) {
                server.close();
            }
        }
    }
}
