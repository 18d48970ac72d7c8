package dev.mailbell.bench;

import dev.mailbell.bench.compare.CompareCommand;
import dev.mailbell.bench.daemon.BenchException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mailbell bench}. Exit codes: 0 measured, 1 not measured or miscounted, 2 wrong usage. */
@Command(
        name = "mailbell bench",
        description = {
            "Measures a daemon with its embedded PostgreSQL, both fresh processes of their own,"
                    + " against scripted mail servers and a webhook receiver in this process."
                    + " Everything is on loopback; the files lie in a temporary folder that is"
                    + " removed at the end.",
            "",
            "Prints one table with the median and the spread of the runs, and the machine. Every"
                    + " mail is compared with what the receiver got: a message that is lost or"
                    + " counted twice ends the run with exit code 1."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  mailbell bench push --tls                    10,000 mailboxes over TLS, 10 mails/s",
            "  mailbell bench push --mailboxes 1000 --runs 1",
            "  mailbell bench poll-pop3 --smoke             a few seconds, to see that it works",
            "",
            "What each scenario measures, and tables of real runs: docs/benchmarks.md."
        })
public final class Bench implements Callable<Integer> {
    private static final int SMOKE_MAILBOXES = 50;
    private static final int SMOKE_SECONDS = 2;

    @Parameters(
            index = "0",
            paramLabel = "SCENARIO",
            arity = "0..1",
            description = "what to measure; one of those below")
    private @Nullable String scenario;

    @Option(names = "--mailboxes", paramLabel = "N", description = "how many accounts")
    private @Nullable Integer mailboxes;

    @Option(names = "--webhooks", paramLabel = "N", description = "how many webhooks")
    private @Nullable Integer webhooks;

    @Option(names = "--seconds", paramLabel = "S", description = "of the measured time")
    private @Nullable Integer seconds;

    @Option(
            names = "--warm-up",
            paramLabel = "S",
            description = "seconds of the same load before it")
    private @Nullable Integer warmUp;

    @Option(names = "--rate", paramLabel = "R", description = "mails a second")
    private @Nullable Double rate;

    @Option(names = "--tls", description = "the mail servers speak TLS")
    private boolean tls;

    @Option(
            names = "--interval",
            paramLabel = "S",
            description = "seconds between checks, where mailboxes are polled")
    private @Nullable Integer interval;

    @Option(names = "--poll", description = "never IDLE")
    private boolean poll;

    @Option(
            names = "--each-second",
            description = "shows latency and CPU of each measured second, where mail is compared")
    private boolean eachSecond;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "how often; default ${DEFAULT-VALUE}")
    private int runs;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "of what is random; default ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--java-opts",
            paramLabel = "OPTIONS",
            defaultValue = "",
            description = "for the daemon's Java, for example \"-Xmx512m\"")
    private String javaOptions = "";

    @Option(
            names = "--smoke",
            description =
                    "one run of " + SMOKE_SECONDS + " s with " + SMOKE_MAILBOXES + " mailboxes")
    private boolean smoke;

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public Bench() {}

    public static void main(String[] arguments) {
        CommandLine command =
                new CommandLine(new Bench())
                        .addSubcommand(new CompareCommand(new MailbellSubject(daemon())))
                        .setUsageHelpWidth(100);
        command.getHelpSectionMap()
                .put(
                        CommandLine.Model.UsageMessageSpec.SECTION_KEY_PARAMETER_LIST,
                        help -> help.parameterList() + Scenarios.describe());
        command.setExecutionExceptionHandler((failure, line, parsed) -> {
            if (failure instanceof BenchException said) {
                line.getErr().println("mailbell bench: " + said.getMessage());
            } else {
                failure.printStackTrace(line.getErr());
            }
            return CommandLine.ExitCode.SOFTWARE;
        });
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws InterruptedException {
        Scenario chosen = Scenarios.of(scenario == null ? "" : scenario);
        if (chosen == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    (scenario == null
                                    ? "Which scenario?"
                                    : "There is no scenario " + scenario + ":")
                            + " choose one of "
                            + Scenarios.names());
        }
        Table table = new Table();
        int times = smoke ? 1 : runs;
        for (int run = 1; run <= times; run++) {
            System.err.printf("%s: run %d of %d%n", scenario, run, times);
            table.add(chosen.run(options(seed + run)));
        }
        System.out.printf("`bin/mailbell bench %s`%n%n", String.join(" ", words()));
        System.out.println(table.print());
        System.out.printf(
                "%d %s; %s.%n", times, times == 1 ? "run" : "runs", Machine.describe(javaOptions));
        return CommandLine.ExitCode.OK;
    }

    private List<String> words() {
        return spec.commandLine().getParseResult().originalArgs();
    }

    private BenchOptions options(long ofRun) {
        return new BenchOptions(
                integer(mailboxes, SMOKE_MAILBOXES),
                integer(webhooks, 10),
                integer(seconds, SMOKE_SECONDS),
                integer(warmUp, 1),
                rate == null
                        ? smoke ? OptionalDouble.of(20) : OptionalDouble.empty()
                        : OptionalDouble.of(rate),
                tls,
                interval == null
                        ? smoke ? OptionalInt.of(1) : OptionalInt.empty()
                        : OptionalInt.of(interval),
                poll,
                eachSecond,
                ofRun,
                javaOptions,
                daemon());
    }

    private OptionalInt integer(@Nullable Integer given, int ofSmoke) {
        if (given != null && given < 1) {
            throw new ParameterException(spec.commandLine(), "counts and seconds begin at 1");
        }
        return given != null
                ? OptionalInt.of(given)
                : smoke ? OptionalInt.of(ofSmoke) : OptionalInt.empty();
    }

    private static List<String> daemon() {
        String home = System.getProperty("mailbell.home", ".");
        return List.of(Path.of(home, "bin", "mailbell").toString(), "serve");
    }
}
