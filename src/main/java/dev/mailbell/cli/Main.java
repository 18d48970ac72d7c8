package dev.mailbell.cli;

import dev.mailbell.Version;
import dev.mailbell.api.http.connector.ListenException;
import dev.mailbell.backup.BackupException;
import dev.mailbell.cli.account.AccountsCommand;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.database.ApiKeysCommand;
import dev.mailbell.cli.database.BackupCommand;
import dev.mailbell.cli.database.ClientsCommand;
import dev.mailbell.cli.database.KeysCommand;
import dev.mailbell.cli.database.MigrateCommand;
import dev.mailbell.cli.database.RestoreCommand;
import dev.mailbell.cli.event.EventsCommand;
import dev.mailbell.cli.mail.ProbeCommand;
import dev.mailbell.cli.mail.RecvCommand;
import dev.mailbell.cli.mail.SendCommand;
import dev.mailbell.cli.serve.CheckConfigCommand;
import dev.mailbell.cli.serve.ServeCommand;
import dev.mailbell.cli.status.StatusCommand;
import dev.mailbell.cli.terminal.CommandFailedException;
import dev.mailbell.cli.terminal.Environment;
import dev.mailbell.cli.terminal.StandardOutput;
import dev.mailbell.cli.webhook.DeliveriesCommand;
import dev.mailbell.cli.webhook.WebhooksCommand;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.database.DatabaseException;
import dev.mailbell.secret.KeyringException;
import java.io.BufferedWriter;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The program's entry point. The exit codes are in docs/cli.md. */
@Command(
        name = "mailbell",
        description = "Watches mailboxes and calls webhooks when mail arrives.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = Main.ManifestVersion.class,
        footer = {
            "",
            "To try it: mailbell demo. The documentation: README.md and docs/.",
            "From the source tree also: mailbell bench, which measures (docs/benchmarks.md)."
        })
public final class Main implements Runnable, Environment.Owner {
    /** In the order of the help; a name that is older stands after its command. */
    private static final List<Map.Entry<String, Class<?>>> COMMANDS =
            List.of(
                    Map.entry("serve", ServeCommand.class),
                    Map.entry("demo", DemoCommand.class),
                    Map.entry("check-config", CheckConfigCommand.class),
                    Map.entry("migrate", MigrateCommand.class),
                    Map.entry("keyset", KeysCommand.class),
                    Map.entry("keys", KeysCommand.class),
                    Map.entry("backup", BackupCommand.class),
                    Map.entry("restore", RestoreCommand.class),
                    Map.entry("clients", ClientsCommand.class),
                    Map.entry("api-keys", ApiKeysCommand.class),
                    Map.entry("import", ImportCommand.class),
                    Map.entry("accounts", AccountsCommand.class),
                    Map.entry("webhooks", WebhooksCommand.class),
                    Map.entry("deliveries", DeliveriesCommand.class),
                    Map.entry("events", EventsCommand.class),
                    Map.entry("status", StatusCommand.class),
                    Map.entry("probe", ProbeCommand.class),
                    Map.entry("send", SendCommand.class),
                    Map.entry("recv", RecvCommand.class),
                    Map.entry("completion", CompletionCommand.class),
                    Map.entry("train", TrainCommand.class),
                    Map.entry("simulate", SimulateCommand.class));

    private final Environment environment;

    @Spec private CommandSpec spec = CommandSpec.create();

    private Main(Environment environment) {
        this.environment = environment;
    }

    public static void main(String[] arguments) {
        var output = new StandardOutput(new FileOutputStream(FileDescriptor.out));
        var writer = new OutputStreamWriter(output, System.out.charset());
        int exitCode =
                commandLine(Environment.ofProcess(), arguments)
                        .setOut(new PrintWriter(new BufferedWriter(writer), true))
                        .execute(arguments);
        if (Rehearsal.isWanted()) {
            Rehearsal.run();
        }
        System.exit(exitCode);
    }

    /** With all commands. */
    public static CommandLine commandLine() {
        return commandLine(Environment.ofProcess());
    }

    /**
     * With all commands, or with the one that the arguments begin with: to build the model of all
     * takes longer than most commands do.
     */
    static CommandLine commandLine(Environment environment, String... arguments) {
        CommandLine line = new CommandLine(new Main(environment));
        for (Class<?> type : types(arguments)) {
            CommandLine command = new CommandLine(type);
            for (Method method : methods(type, arguments)) {
                command.addSubcommand(new CommandLine(method));
            }
            line.addSubcommand(command);
        }
        shortenSynopses(line);
        return line.setExecutionExceptionHandler(
                (failure, command, parsed) -> report(command.getErr(), failure));
    }

    private static List<Class<?>> types(String... arguments) {
        String first = arguments.length == 0 ? "" : arguments[0];
        List<Class<?>> named =
                COMMANDS.stream()
                        .filter(command -> command.getKey().equals(first))
                        .<Class<?>>map(Map.Entry::getValue)
                        .toList();
        return named.isEmpty()
                ? COMMANDS.stream().<Class<?>>map(Map.Entry::getValue).distinct().toList()
                : named;
    }

    /**
     * The commands under one that leaves it to this class to add them, or the one that is named.
     */
    private static List<Method> methods(Class<?> type, String... arguments) {
        if (type.getAnnotation(Command.class).addMethodSubcommands()) {
            return List.of();
        }
        List<Method> all = CommandLine.getCommandMethods(type, null);
        String second = arguments.length < 2 ? "" : arguments[1];
        List<Method> named =
                all.stream()
                        .filter(method -> method.getAnnotation(Command.class).name().equals(second))
                        .toList();
        return named.isEmpty() ? all : named;
    }

    /** Of commands that call the API, which have more options than a line shows. */
    private static void shortenSynopses(CommandLine line) {
        line.getCommandSpec()
                .usageMessage()
                .abbreviateSynopsis(!line.getCommandSpec().argGroups().isEmpty());
        line.getSubcommands().values().forEach(Main::shortenSynopses);
    }

    /** Prints the message of an expected failure, and the stack trace of an unexpected one. */
    private static int report(PrintWriter err, Exception failure) {
        switch (failure) {
            case ConfigurationException faults -> err.println(faults.getMessage());
            case DatabaseException database -> err.println("mailbell: " + database.getMessage());
            case KeyringException keyring -> err.println("mailbell: " + keyring.getMessage());
            case BackupException backup -> err.println("mailbell: " + backup.getMessage());
            case ListenException listen -> err.println("mailbell: " + listen.getMessage());
            case CommandFailedException failed -> err.println("mailbell: " + failed.getMessage());
            case ApiFailure call -> err.println("mailbell: " + call.getMessage());
            case StandardOutput.FailedException output ->
                    err.println("mailbell: " + output.getMessage());
            default -> failure.printStackTrace(err);
        }
        return switch (failure) {
            case ConfigurationException faults -> CommandLine.ExitCode.USAGE;
            case ApiFailure call -> call.exitCode();
            default -> CommandLine.ExitCode.SOFTWARE;
        };
    }

    @Override
    public Environment environment() {
        return environment;
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
