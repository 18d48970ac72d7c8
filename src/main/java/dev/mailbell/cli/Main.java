package dev.mailbell.cli;

import dev.mailbell.Version;
import dev.mailbell.api.http.ListenException;
import dev.mailbell.cluster.LeaseRefusedException;
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
        description = "Watches mailboxes and rings webhooks when mail arrives.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Main.ManifestVersion.class,
        subcommands = {
            ServeCommand.class,
            DemoCommand.class,
            CheckConfigCommand.class,
            MigrateCommand.class,
            KeysCommand.class,
            SimulateCommand.class
        },
        footer = {
            "",
            "A first look: mailbell demo. The documentation: README.md and docs/.",
            "From the source tree also: mailbell bench, which measures; see docs/benchmarks.md."
        })
public final class Main implements Runnable {
    /** The exit code of a daemon whose database is another's. 3 is the JVM's, out of memory. */
    static final int ANOTHER_DAEMON = 4;

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public Main() {}

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setExecutionExceptionHandler(
                        (failure, command, parsed) -> tell(command.getErr(), failure));
    }

    /** Failures that name what to do are told in a sentence, faults of ours with their trace. */
    private static int tell(PrintWriter err, Exception failure) {
        switch (failure) {
            case ConfigurationException faults -> err.println(faults.getMessage());
            case DatabaseException database -> err.println("mailbell: " + database.getMessage());
            case KeyringException keyring -> err.println("mailbell: " + keyring.getMessage());
            case ListenException taken -> err.println("mailbell: " + taken.getMessage());
            case LeaseRefusedException held -> err.println("mailbell: " + held.getMessage());
            case CommandFailedException said -> err.println("mailbell: " + said.getMessage());
            default -> failure.printStackTrace(err);
        }
        return switch (failure) {
            case ConfigurationException faults -> CommandLine.ExitCode.USAGE;
            case LeaseRefusedException held -> ANOTHER_DAEMON;
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
