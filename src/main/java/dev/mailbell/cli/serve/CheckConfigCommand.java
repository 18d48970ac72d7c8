package dev.mailbell.cli.serve;

import dev.mailbell.cli.config.ConfigOption;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "check-config",
        description = "Reads the configuration as serve would, and reports every fault.",
        mixinStandardHelpOptions = true)
public final class CheckConfigCommand implements Callable<Integer> {
    @Mixin private final ConfigOption config = new ConfigOption();

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
        Preflight.require(config.load(), System.getenv());
        config.exposedSecrets()
                .ifPresent(warning ->
                        spec.commandLine().getErr().println("mailbell: warning: " + warning));
        spec.commandLine()
                .getOut()
                .println(
                        config.file()
                                .map(file -> file + " is good.")
                                .orElse("No file; the defaults are good."));
        return 0;
    }
}
