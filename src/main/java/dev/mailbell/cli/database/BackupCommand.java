package dev.mailbell.cli.database;

import dev.mailbell.Version;
import dev.mailbell.backup.Backup;
import dev.mailbell.backup.Manifest;
import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.config.Configuration;
import dev.mailbell.database.Database;
import dev.mailbell.embedded.ConfiguredDatabase;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "backup",
        description = {
            "Writes the database into one new file, also while the daemon runs.",
            "Secrets in it stay encrypted, and the keyset is not in it: back that up elsewhere."
        },
        mixinStandardHelpOptions = true)
public final class BackupCommand implements Callable<Integer> {
    private static final int CONNECTIONS = 2;

    @Mixin private final ConfigOption config = new ConfigOption();

    @Parameters(
            paramLabel = "FILE",
            description = "the new file; one that exists is not overwritten")
    private Path file = Path.of("");

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        Configuration configuration = config.load();
        try (Database database =
                ConfiguredDatabase.join(
                        configuration.database(), configuration.dataDir(), CONNECTIONS)) {
            ClientTables.requireTables(database);
            Manifest manifest =
                    new Backup(database, Version.current(), InstantSource.system()).write(file);
            PrintWriter out = spec.commandLine().getOut();
            out.printf(
                    "%s has %,d rows of %s, %,d bytes.%n",
                    file, manifest.rows(), manifest.takenAt(), Files.size(file));
            out.println(
                    manifest.keys().isEmpty()
                            ? "It has no secrets."
                            : "Its secrets need the keyset with "
                                    + String.join(", ", manifest.keys())
                                    + " ("
                                    + configuration.keyset()
                                    + "): keep a copy of that elsewhere, without it no login can be"
                                    + " read.");
            if (!configuration.database().embedded()) {
                out.println(
                        "Of a PostgreSQL of your own, its own tools (pg_dump, or archiving with"
                                + " point-in-time recovery) lose less.");
            }
        }
        return 0;
    }
}
