package dev.mailbell.cli.database;

import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.config.Configuration;
import dev.mailbell.database.Database;
import dev.mailbell.embedded.ConfiguredDatabase;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "migrate",
        description =
                "Migrates the database to this version, as serve does at its start, and exits.",
        mixinStandardHelpOptions = true)
public final class MigrateCommand implements Callable<Integer> {
    @Mixin private final ConfigOption config = new ConfigOption();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        Configuration configuration = config.load();
        try (Database database =
                ConfiguredDatabase.open(configuration.database(), configuration.dataDir())) {
            int applied = database.migrate();
            spec.commandLine()
                    .getOut()
                    .println(
                            applied == 0
                                    ? "The database is up to date."
                                    : applied + " migrations applied.");
        }
        return 0;
    }
}
