package dev.mailbell.cli.database;

import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.cli.terminal.CommandFailedException;
import dev.mailbell.client.ApiKeyStore;
import dev.mailbell.client.AuditEntry;
import dev.mailbell.client.AuditStore;
import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.config.Configuration;
import dev.mailbell.database.Database;
import dev.mailbell.embedded.ConfiguredDatabase;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The tables of clients and keys for a command, also beside a running daemon. What a command
 * changes is in the audit log.
 */
final class ClientTables implements AutoCloseable {
    private static final String ACTOR = "command-line";
    private static final int PAGE = 500;
    private static final int MAX_NAME_LENGTH = 100;

    private static final int CONNECTIONS = 2;

    private final Database database;

    private ClientTables(Database database) {
        this.database = database;
    }

    static ClientTables open(ConfigOption config) {
        Configuration configuration = config.load();
        Database database =
                ConfiguredDatabase.join(
                        configuration.database(), configuration.dataDir(), CONNECTIONS);
        boolean usable = false;
        try {
            requireTables(database);
            usable = true;
        } finally {
            if (!usable) {
                database.close();
            }
        }
        return new ClientTables(database);
    }

    /**
     * @throws CommandFailedException when the database has no tables
     */
    static void requireTables(Database database) {
        if (!database.hasTable("api_key")) {
            throw new CommandFailedException(
                    "the database has no tables of this version yet: start the daemon, or run"
                            + " mailbell migrate while it is stopped",
                    null);
        }
    }

    ClientStore clients() {
        return new ClientStore(database.jdbi());
    }

    ApiKeyStore keys() {
        return new ApiKeyStore(database.jdbi());
    }

    /**
     * The client with an id or a name.
     *
     * @throws CommandFailedException when there is none
     */
    Client client(String idOrName) {
        @Nullable UUID after = null;
        while (true) {
            List<Client> page = clients().list(after, PAGE);
            for (Client client : page) {
                if (client.name().equals(idOrName)
                        || client.id().toString().equals(idOrName.toLowerCase(Locale.ROOT))) {
                    return client;
                }
            }
            if (page.size() < PAGE) {
                throw new CommandFailedException(
                        "there is no client with this id or name: " + idOrName, null);
            }
            after = page.getLast().id();
        }
    }

    void record(@Nullable UUID clientId, String action, String resource) {
        new AuditStore(database.jdbi())
                .insert(
                        new AuditEntry(
                                Ids.next(),
                                now(),
                                clientId,
                                ACTOR,
                                ACTOR,
                                action,
                                resource,
                                ACTOR,
                                200));
    }

    static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    static String requireName(String name) {
        if (name.isBlank()
                || name.length() > MAX_NAME_LENGTH
                || name.chars().anyMatch(Character::isISOControl)) {
            throw new CommandFailedException(
                    "a name must have 1 to " + MAX_NAME_LENGTH + " characters on one line", null);
        }
        return name;
    }

    @Override
    public void close() {
        database.close();
    }
}
