package dev.mailbell.cli;

import dev.mailbell.Version;
import dev.mailbell.api.http.ListenException;
import dev.mailbell.config.ConfigurationException;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.secret.KeyringException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program's entry point. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration. */
@Command(
        name = "mailbell",
        description = "Watches mailboxes and calls webhooks when mail arrives.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Main.ManifestVersion.class,
        subcommands = {
            ServeCommand.class,
            DemoCommand.class,
            CheckConfigCommand.class,
            MigrateCommand.class,
            KeysCommand.class,
            ClientsCommand.class,
            ApiKeysCommand.class,
            SimulateCommand.class
        },
        footer = {
            "",
            "To try it: mailbell demo. The documentation: README.md and docs/.",
            "From the source tree also: mailbell bench, which measures; see docs/benchmarks.md."
        })
public final class Main implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public Main() {}

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setExecutionExceptionHandler(
                        (failure, command, parsed) -> report(command.getErr(), failure));
    }

    /** Prints the message of an expected failure, and the stack trace of an unexpected one. */
    private static int report(PrintWriter err, Exception failure) {
        switch (failure) {
            case ConfigurationException faults -> err.println(faults.getMessage());
            case DatabaseException database -> err.println("mailbell: " + database.getMessage());
            case KeyringException keyring -> err.println("mailbell: " + keyring.getMessage());
            case ListenException listen -> err.println("mailbell: " + listen.getMessage());
            case CommandFailedException failed -> err.println("mailbell: " + failed.getMessage());
            default -> failure.printStackTrace(err);
        }
        return switch (failure) {
            case ConfigurationException faults -> CommandLine.ExitCode.USAGE;
            default -> CommandLine.ExitCode.SOFTWARE;
        };
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Which command?");
    }

    static final class ManifestVersion implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"Mailbell " + Version.current() + ", Java " + Runtime.version()};
        }
    }
}
