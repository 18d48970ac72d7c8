package dev.mailbell.cli.database;

import dev.mailbell.EncryptedColumns;
import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.cli.terminal.CommandFailedException;
import dev.mailbell.config.Configuration;
import dev.mailbell.database.Database;
import dev.mailbell.embedded.ConfiguredDatabase;
import dev.mailbell.secret.EncryptedColumn;
import dev.mailbell.secret.KeyInfo;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeysetPlace;
import dev.mailbell.secret.KeysetPruning;
import dev.mailbell.secret.KeysetRegister;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "keyset",
        aliases = "keys",
        description = {
            "Shows and rotates the keys that encrypt mail passwords and webhook secrets.",
            "API keys are another thing: mailbell api-keys."
        },
        mixinStandardHelpOptions = true)
public final class KeysCommand implements Runnable {
    private static final int CONNECTIONS = 2;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the keyset?");
    }

    @Command(
            name = "create",
            description = {
                "Makes the keyset of a new installation, for example for MAILBELL_KEYSET of several nodes.",
                "A daemon without one makes its own."
            },
            mixinStandardHelpOptions = true)
    void create(
            @Option(
                            names = "--to",
                            paramLabel = "FILE",
                            required = true,
                            description = "write the keyset into this new file")
                    Path to) {
        if (Files.exists(to)) {
            throw new CommandFailedException(to + " exists: name another file", null);
        }
        out().println(Keyring.open(to) + " is made. Back it up.");
    }

    @Command(
            name = "list",
            description = "Lists the keys by their ids; the material is never shown.",
            mixinStandardHelpOptions = true)
    void list(@Mixin ConfigOption config) {
        for (KeyInfo key : keyring(config.load()).keys()) {
            out().println(key.id() + (key.primary() ? "  encrypts and decrypts" : "  decrypts"));
        }
    }

    @Command(
            name = "status",
            description = "Shows how many secrets in the database each key has encrypted.",
            mixinStandardHelpOptions = true)
    void status(@Mixin ConfigOption config) {
        Configuration configuration = config.load();
        Keyring keyring = keyring(configuration);
        try (Database database = database(configuration)) {
            Map<String, Long> numbers = new TreeMap<>();
            keyring.keys().forEach(key -> numbers.put(key.id(), 0L));
            for (EncryptedColumn column : EncryptedColumns.ALL) {
                column.counts(database.jdbi())
                        .forEach((key, number) -> numbers.merge(key, number, Long::sum));
            }
            numbers.forEach((id, number) ->
                    out().println(id + "  " + number + " secrets" + role(keyring, id)));
        }
    }

    private static String role(Keyring keyring, String id) {
        return keyring.keys().stream()
                .filter(key -> key.id().equals(id))
                .findFirst()
                .map(key -> key.primary() ? ", encrypts" : "")
                .orElse(", not in " + keyring + ": restore it");
    }

    @Command(
            name = "rotate",
            description = {
                "Adds a key that encrypts from now on; the older ones still decrypt.",
                "A running daemon takes the new key up within seconds and encrypts all secrets anew."
            },
            mixinStandardHelpOptions = true)
    void rotate(
            @Mixin ConfigOption config,
            @Option(
                            names = "--to",
                            paramLabel = "FILE",
                            description =
                                    "write the keyset with the new key into this new file and change nothing else")
                    @Nullable Path to) {
        Keyring keyring = keyring(config.load());
        if (to == null) {
            keyring.rotate();
            out().println("A new key encrypts from now on. Back up the keyset file.");
        } else {
            keyring.writeRotated(to);
            out().println(
                            to
                                    + " has the keyset with a new key. Set "
                                    + KeysetPlace.VARIABLE
                                    + " to its content on every node, and start them again.");
        }
    }

    @Command(
            name = "prune",
            description = {
                "Removes the keys that no secret in the database needs any more.",
                "Backups of the database from before still need them."
            },
            mixinStandardHelpOptions = true)
    void prune(
            @Mixin ConfigOption config,
            @Option(
                            names = "--to",
                            paramLabel = "FILE",
                            description =
                                    "write the keyset without these keys into this new file and leave it where it is")
                    @Nullable Path to) {
        Configuration configuration = config.load();
        Keyring keyring = keyring(configuration);
        try (Database database = database(configuration)) {
            Set<String> removed =
                    new KeysetPruning(
                                    database.jdbi(),
                                    keyring,
                                    new KeysetRegister(database.jdbi()),
                                    EncryptedColumns.ALL,
                                    InstantSource.system())
                            .prune(to);
            out().println(
                            removed.isEmpty()
                                    ? "There is one key, which encrypts."
                                    : "Removed "
                                            + removed.stream()
                                                    .sorted()
                                                    .collect(Collectors.joining(", "))
                                            + ". Backups of the database from before need the old"
                                            + " keyset.");
        }
    }

    @Command(
            name = "abandon",
            description = {
                "The way out when the keyset is lost: gives up the secrets that no key decrypts, and begins with a new keyset.",
                "Accounts with their marks, events and webhooks stay. Accounts wait for their logins, webhooks for new secrets.",
                "All daemons are stopped meanwhile."
            },
            mixinStandardHelpOptions = true)
    void abandon(
            @Mixin ConfigOption config,
            @Option(
                            names = "--yes",
                            description =
                                    "do it; without this the command only says what it would do")
                    boolean yes) {
        Configuration configuration = config.load();
        KeysetPlace place = KeysetPlace.of(configuration.keyset(), System.getenv());
        try (Database database = database(configuration)) {
            ClientTables.requireTables(database);
            Jdbi jdbi = database.jdbi();
            List<KeyInfo> present = Keyring.find(place).map(Keyring::keys).orElse(List.of());
            Set<String> lost = LostKeyset.lost(jdbi, present);
            if (lost.isEmpty()) {
                out().println(
                                present.isEmpty()
                                        ? "The database needs no keyset: nothing is lost."
                                        : "keyset "
                                                + place
                                                + " has all keys of the database: nothing is lost.");
                return;
            }
            if (LostKeyset.isInUse(jdbi)) {
                throw new CommandFailedException("a daemon uses the database: stop it first", null);
            }
            if (!yes) {
                out().println(
                                "The database needs "
                                        + String.join(", ", lost)
                                        + ", which keyset "
                                        + place
                                        + " lacks. Look for a backup of the keyset first. With --yes every"
                                        + " secret of these keys is given up: the logins of accounts,"
                                        + " the secrets and headers of webhooks, the secrets of OAuth"
                                        + " 2.0 apps.");
                return;
            }
            LostKeyset.GivenUp given =
                    new LostKeyset(jdbi, Keyring.open(place), InstantSource.system().instant())
                            .giveUp();
            out().printf(
                            "Given up: the logins of %d accounts, the secrets of %d webhooks and %d apps.%n",
                            given.accounts(), given.webhooks(), given.apps());
            out().println(
                            "Next, with the daemon running: PATCH each account with its password or grant"
                                    + " (GET /v1/accounts?state=parked lists them), rotate each"
                                    + " webhook's secret and enable it, PATCH each app with its"
                                    + " secret. Back up "
                                    + place
                                    + " now.");
        }
    }

    private static Keyring keyring(Configuration configuration) {
        return Keyring.openExisting(KeysetPlace.of(configuration.keyset(), System.getenv()));
    }

    private static Database database(Configuration configuration) {
        return ConfiguredDatabase.join(
                configuration.database(), configuration.dataDir(), CONNECTIONS);
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
