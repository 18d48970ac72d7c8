package dev.mailbell.cli.database;

import dev.mailbell.backup.Manifest;
import dev.mailbell.backup.Restore;
import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.config.Configuration;
import dev.mailbell.database.Database;
import dev.mailbell.embedded.ConfiguredDatabase;
import dev.mailbell.secret.KeyInfo;
import dev.mailbell.secret.Keyring;
import dev.mailbell.secret.KeyringException;
import dev.mailbell.secret.KeysetPlace;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "restore",
        description = {
            "Loads a backup into an empty database, while no daemon runs.",
            "The keyset of that time must be where the configuration has it before the daemon starts."
        },
        mixinStandardHelpOptions = true)
public final class RestoreCommand implements Callable<Integer> {
    @Mixin private final ConfigOption config = new ConfigOption();

    @Parameters(paramLabel = "FILE", description = "what mailbell backup wrote")
    private Path file = Path.of("");

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        Configuration configuration = config.load();
        PrintWriter out = spec.commandLine().getOut();
        try (Restore restore = Restore.open(file)) {
            Manifest manifest = restore.manifest();
            AccessAfterRestore known;
            try (Database database =
                    ConfiguredDatabase.open(configuration.database(), configuration.dataDir())) {
                database.migrate();
                restore.into(database);
                known = AccessAfterRestore.of(database.jdbi());
            }
            out.printf(
                    "Restored %,d rows of %s, made by Mailbell %s.%n",
                    manifest.rows(), manifest.takenAt(), manifest.program());
            out.println(keys(manifest.keys(), configuration.keyset()));
            known.print(out);
            out.println(
                    "Mail that came since then is announced at the next check of its mailbox, also"
                            + " where it was announced before.");
        }
        return 0;
    }

    private static String keys(List<String> needed, Path keyset) {
        if (needed.isEmpty()) {
            return "It has no secrets.";
        }
        KeysetPlace place = KeysetPlace.of(keyset, System.getenv());
        List<String> missing = new ArrayList<>(needed);
        try {
            Keyring.openExisting(place).keys().stream().map(KeyInfo::id).forEach(missing::remove);
        } catch (KeyringException e) {
            return "Its secrets need the keyset with "
                    + String.join(", ", needed)
                    + ", and there is none yet: restore it to "
                    + place
                    + " before you start the daemon.";
        }
        return missing.isEmpty()
                ? "The keyset in " + place + " has all keys of its secrets."
                : "The keyset in "
                        + place
                        + " lacks "
                        + String.join(", ", missing)
                        + ": restore that of the time of the backup before you start the daemon.";
    }
}
