package dev.mailbell.cli.status;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.DurationText;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.terminal.Environment;
import dev.mailbell.cli.terminal.Printable;
import dev.mailbell.cli.terminal.Screen;
import dev.mailbell.cli.terminal.Signals;
import dev.mailbell.cli.terminal.Terminal;
import dev.mailbell.cli.terminal.TerminalSize;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "status",
        description = {
            "Shows the nodes, their shards, and what the node that answers does.",
            "On a terminal as a screen that refreshes until Ctrl-C, else once. Needs the operator's"
                    + " key."
        },
        mixinStandardHelpOptions = true)
public final class StatusCommand implements Runnable {
    private static final int UNKNOWN_ROWS = 24;

    @Mixin private ApiOptions options = new ApiOptions();

    @Option(names = "--once", description = "print once, on a terminal too")
    private boolean once;

    @Option(
            names = "--watch",
            description = "print again and again, also where the output is no terminal")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "DURATION",
            converter = DurationText.class,
            description = "between refreshes; default: ${DEFAULT-VALUE}",
            defaultValue = "2s")
    private Duration interval = Duration.ofSeconds(2);

    @Spec private CommandSpec spec = CommandSpec.create();

    private volatile boolean stopping;

    /** For picocli. */
    public StatusCommand() {}

    @Override
    public void run() {
        if (once && watch) {
            throw ApiFailure.usage("--once and --watch exclude each other");
        }
        if (interval.compareTo(Duration.ofMillis(100)) < 0) {
            throw ApiFailure.usage("--interval must be 100ms or longer");
        }
        Environment environment = options.environment();
        boolean screen = environment.out().isTerminal() && !options.json() && !once;
        PrintWriter out = spec.commandLine().getOut();
        try (Api api = options.open()) {
            if (screen) {
                refresh(api, environment, out);
            } else {
                printAll(api, environment, out);
            }
        }
    }

    private void printAll(Api api, Environment environment, PrintWriter out) {
        boolean goesOn = watch && stopAtSignal();
        @Nullable Snapshot before = null;
        do {
            if (options.json()) {
                options.output().line(api.get("/v1/stats"));
            } else {
                Snapshot now = Snapshot.take(api, environment.clock());
                StatusText.lines(environment.out(), api.url(), now, before).forEach(out::println);
                out.flush();
                before = now;
            }
        } while (goesOn && sleep());
    }

    /** The screen stays over a restart of the daemon; what is wrong is at its top meanwhile. */
    private void refresh(Api api, Environment environment, PrintWriter out) {
        Snapshot first = Snapshot.take(api, environment.clock());
        boolean _ = stopAtSignal();
        Sizes sizes = new Sizes(environment.out());
        try (Screen screen = new Screen(out)) {
            @Nullable Snapshot before = null;
            Snapshot now = first;
            String trouble = "";
            do {
                List<String> lines = new ArrayList<>();
                if (!trouble.isEmpty()) {
                    lines.add(environment.out().paint(Terminal.Colour.BAD, Printable.of(trouble)));
                }
                lines.addAll(StatusText.lines(sizes.terminal(), api.url(), now, before));
                screen.show(lines, sizes.rows());
                if (!sleep()) {
                    return;
                }
                try {
                    Snapshot next = Snapshot.take(api, environment.clock());
                    before = now;
                    now = next;
                    trouble = "";
                } catch (ApiFailure e) {
                    if (stopping) {
                        return;
                    }
                    if (e.exitCode() != ExitCodes.UNREACHABLE) {
                        throw e;
                    }
                    trouble = e.reason();
                }
            } while (!stopping);
        }
    }

    private boolean stopAtSignal() {
        Thread running = Thread.currentThread();
        Signals.onStop(() -> {
            stopping = true;
            running.interrupt();
        });
        return true;
    }

    /** Answers false when the command is to end. */
    private boolean sleep() {
        try {
            Thread.sleep(interval);
            return !stopping;
        } catch (InterruptedException e) {
            // Only the signal interrupts.
            return false;
        }
    }

    /** The size of the terminal, asked again when it has changed. */
    private static final class Sizes {
        private final Terminal terminal;
        private volatile boolean changed = true;
        private TerminalSize size;

        Sizes(Terminal terminal) {
            this.terminal = terminal;
            this.size = new TerminalSize(UNKNOWN_ROWS, terminal.columns());
            Signals.onResize(() -> changed = true);
        }

        private TerminalSize size() {
            if (changed) {
                changed = false;
                size = TerminalSize.now().orElse(size);
            }
            return size;
        }

        Terminal terminal() {
            return terminal.withColumns(size().columns());
        }

        int rows() {
            return size().rows();
        }
    }
}
