package dev.mailbell.cli;

import dev.mailbell.cli.config.ConfigOption;
import dev.mailbell.cli.terminal.CommandFailedException;
import dev.mailbell.demo.Training;
import dev.mailbell.demo.TrainingFailedException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The launcher names the file, tries what was made, and puts it in its place. */
@Command(
        name = "train",
        description = {
            "Makes the AOT cache of this installation: later starts are sooner ready and fast from the first mail.",
            "It runs a daemon of its own under a short load, for about a minute, on this machine alone."
        },
        mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
    private static final String MADE = "mailbell.cache.made";

    /** As many as the receiver of the training keeps. */
    private static final int MOST = 8_000;

    @Option(
            names = "--mails",
            paramLabel = "NUMBER",
            description = "how many mails the daemon announces; default: ${DEFAULT-VALUE}",
            defaultValue = "4000")
    private int mails;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws Exception {
        String made = System.getProperty(MADE, "");
        if (mails < 1 || mails > MOST) {
            throw new ParameterException(
                    spec.commandLine(), "--mails must be between 1 and " + MOST);
        }
        if (made.isEmpty()) {
            throw new CommandFailedException(
                    "only bin/mailbell can train, because it knows where the cache belongs", null);
        }
        DemoCommand.requireMailServer("train");
        DemoCommand.quietMailServer();
        Path launcher = ConfigOption.home().resolve("bin/mailbell");
        try {
            new Training(launcher, Path.of(made), mails, spec.commandLine().getOut()).run();
            return 0;
        } catch (TrainingFailedException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()), e);
        }
    }
}
