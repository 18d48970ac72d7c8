package dev.mailbell.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "completion",
        description = {
            "Prints a script that completes commands and options in a shell.",
            "In ~/.bashrc: source <(mailbell completion bash); in ~/.zshrc with zsh in its place."
        },
        mixinStandardHelpOptions = true)
final class CompletionCommand implements Runnable {
    @Parameters(paramLabel = "SHELL", description = "bash or zsh")
    private String shell = "";

    @Spec private CommandSpec spec = CommandSpec.create();

    /** One script serves both: in zsh it loads bashcompinit first. */
    @Override
    public void run() {
        if (!shell.equals("bash") && !shell.equals("zsh")) {
            throw new ParameterException(
                    spec.commandLine(), "There is a script for bash and for zsh");
        }
        spec.commandLine().getOut().print(AutoComplete.bash("mailbell", Main.commandLine()));
        spec.commandLine().getOut().flush();
    }
}
