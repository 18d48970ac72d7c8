package dev.mailbell.cli;

import dev.mailbell.cli.emailengine.ImportEmailEngineCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "import",
        description = "Takes over the accounts of another program; see docs/migrate.md.",
        mixinStandardHelpOptions = true,
        subcommands = ImportEmailEngineCommand.class)
final class ImportCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "From which program?");
    }
}
