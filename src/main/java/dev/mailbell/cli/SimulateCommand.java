package dev.mailbell.cli;

import dev.mailbell.simulation.Simulation;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "simulate",
        description = {
            "Compares methods of counting new mail over random histories of a mailbox.",
            "Exits with 1 if Mailbell's own count was ever wrong."
        },
        mixinStandardHelpOptions = true)
final class SimulateCommand implements Callable<Integer> {
    @Option(
            names = {"--checks", "--looks"},
            description = "checks in each scenario; default: ${DEFAULT-VALUE}",
            defaultValue = "10000")
    private int checks;

    @Option(
            names = "--seed",
            description = "the seed of the random histories; default: ${DEFAULT-VALUE}",
            defaultValue = "1")
    private long seed;

    @Option(names = "--scenario", description = "only this one; default: all of them")
    private String scenario = "";

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        List<String> all = Simulation.scenarios();
        if (checks < 1 || checks > 10_000_000) {
            throw new ParameterException(
                    spec.commandLine(), "--checks must be 1 to 10000000, is " + checks);
        }
        if (!scenario.isEmpty() && !all.contains(scenario)) {
            throw new ParameterException(
                    spec.commandLine(), "--scenario must be one of " + String.join(", ", all));
        }
        PrintWriter out = spec.commandLine().getOut();
        long wrong = 0;
        out.printf("%d checks in each scenario, seed %d%n", checks, seed);
        for (String name : scenario.isEmpty() ? all : List.of(scenario)) {
            Simulation.Outcome outcome = new Simulation().run(name, checks, seed);
            out.printf("%n%s: %s%n", outcome.scenario(), outcome.description());
            outcome.lines().forEach(out::println);
            out.flush();
            wrong += outcome.wrongOfMailbell();
        }
        return wrong == 0 ? 0 : 1;
    }
}
