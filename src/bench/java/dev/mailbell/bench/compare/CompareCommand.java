package dev.mailbell.bench.compare;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mailbell bench compare [-- COMMAND…]}. */
@Command(
        name = "compare",
        description = {
            "Measures another program, or Mailbell itself where none is given, against the scripted"
                    + " IMAP server and prints a row of a table.",
            "bench/README.md says what the program gets, and what it must do;"
                    + " bench/run makes a table of several."
        },
        mixinStandardHelpOptions = true)
public final class CompareCommand implements Callable<Integer> {
    @Option(names = "--name", description = "in the table; default: the command, or Mailbell")
    private String name = "";

    @Option(names = "--mailboxes", description = "default: ${DEFAULT-VALUE}", defaultValue = "1000")
    private int mailboxes;

    @Option(names = "--tls", description = "the mail server speaks TLS; default: plain")
    private boolean tls;

    @Option(
            names = "--rate",
            description = "mails a second; default: ${DEFAULT-VALUE}",
            defaultValue = "10")
    private double rate;

    @Option(
            names = "--warm-up",
            description = "seconds with the same load before; default: ${DEFAULT-VALUE}",
            defaultValue = "30")
    private int warmUp;

    @Option(
            names = "--seconds",
            description = "measured time of a run; default: ${DEFAULT-VALUE}",
            defaultValue = "60")
    private int seconds;

    @Option(names = "--runs", description = "default: ${DEFAULT-VALUE}", defaultValue = "3")
    private int runs;

    @Option(
            names = "--ready",
            description = "seconds it may take to watch all; default: ${DEFAULT-VALUE}",
            defaultValue = "300")
    private int readySeconds;

    @Option(
            names = "--seed",
            description = "which mailboxes are drawn; default: ${DEFAULT-VALUE}",
            defaultValue = "1")
    private long seed;

    @Option(
            names = "--java-opts",
            paramLabel = "OPTIONS",
            description = "for Mailbell's Java, where it is measured")
    private String javaOptions = "";

    @Option(names = "--no-head", description = "only the row, for a table of several")
    private boolean noHead;

    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "what to run, after --")
    private List<String> command = List.of();

    @Spec private CommandSpec spec = CommandSpec.create();

    private final Subject mailbell;

    /**
     * @param mailbell measured where no command is given
     */
    public CompareCommand(Subject mailbell) {
        this.mailbell = mailbell;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (runs < 1) {
            throw new ParameterException(spec.commandLine(), "--runs must be 1 or more");
        }
        Load load = load();
        Subject subject = command.isEmpty() ? mailbell : new Program(command);
        List<Measurement> measured = new ArrayList<>();
        for (int run = 1; run <= runs; run++) {
            spec.commandLine().getErr().printf("run %d of %d: %s%n", run, runs, title());
            measured.add(subject.run(load));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (!noHead) {
            out.println(Row.HEAD);
        }
        out.println(new Row(measured).print(title(), load));
        out.flush();
        return 0;
    }

    private String title() {
        if (!name.isEmpty()) {
            return name;
        }
        return command.isEmpty() ? "Mailbell" : String.join(" ", command);
    }

    private Load load() {
        try {
            return new Load(mailboxes, tls, rate, warmUp, seconds, readySeconds, seed, javaOptions);
        } catch (IllegalArgumentException wrong) {
            throw new ParameterException(spec.commandLine(), wrong.getMessage(), wrong);
        }
    }
}
