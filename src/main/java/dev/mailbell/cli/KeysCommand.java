package dev.mailbell.cli;

import dev.mailbell.EncryptedColumns;
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
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "keys",
        description = "Shows and rotates the keys that encrypt mail passwords and webhook secrets.",
        mixinStandardHelpOptions = true)
final class KeysCommand implements Runnable {
    private static final int CONNECTIONS = 2;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the keys?");
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
