package dev.mailbell.cli.mail;

import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.terminal.Signals;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.log.ProtocolLog;
import dev.mailbell.mail.log.ProtocolLogLine;
import dev.mailbell.mail.probe.Probe;
import dev.mailbell.mail.probe.ProbeReport;
import dev.mailbell.mail.probe.ProbeRequest;
import dev.mailbell.mail.probe.Watching;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mailbell probe}. */
@Command(
        name = "probe",
        description = {
            "Finds out what a mail server can do, and says what to configure.",
            "It connects, logs in and checks as the daemon does, and changes nothing.",
            "Without -u it stops before the login."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:all steps succeeded", "1:a step failed", "2:wrong usage"})
public final class ProbeCommand implements Callable<Integer> {
    private static final Duration LONGEST_WATCH = Duration.ofHours(24);

    private final Surroundings surroundings;

    @Parameters(index = "0", paramLabel = "imap|pop3", description = "the protocol")
    private String protocol = "";

    @Parameters(index = "1", paramLabel = "HOST", description = "the mail server")
    private String host = "";

    @Mixin private LoginOptions login = new LoginOptions();
    @Mixin private ConnectionOptions connection = new ConnectionOptions();

    @Option(
            names = "--mailbox",
            description = "the mailbox to check; default: ${DEFAULT-VALUE}",
            defaultValue = "INBOX")
    private String mailbox = "INBOX";

    @Option(
            names = "--watch",
            description = "IMAP: stay and print what the server says by IDLE, until Ctrl-C")
    private boolean watch;

    @Option(
            names = "--for",
            paramLabel = "DURATION",
            description = "with --watch: how long to stay; default: ${DEFAULT-VALUE}",
            defaultValue = "24h")
    private String span = "24h";

    @Option(names = "--json", description = "print the report as JSON")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public ProbeCommand() {
        this(Surroundings.ofProcess());
    }

    ProbeCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        System.setProperty("mailbell.log.level", "ERROR");
        MailOutput output = new MailOutput(spec);
        try (MailKit kit = new MailKit()) {
            return run(kit, request(), output);
        } catch (UsageException e) {
            return output.failed(ExitCodes.USAGE, String.valueOf(e.getMessage()));
        }
    }

    private ProbeRequest request() {
        Protocol chosen =
                switch (protocol.toLowerCase(Locale.ROOT)) {
                    case "imap" -> Protocol.IMAP;
                    case "pop3" -> Protocol.POP3;
                    default ->
                            throw new UsageException(
                                    "the protocol is imap or pop3, not \"" + protocol + "\"");
                };
        if (watch && chosen == Protocol.POP3) {
            throw new UsageException("--watch needs imap: POP3 servers say nothing unasked");
        }
        Endpoint endpoint =
                connection.endpoint(
                        host,
                        null,
                        chosen.defaultPort(connection.security()),
                        surroundings.environment());
        @Nullable String user = login.user().orElse(null);
        if (watch && user == null) {
            throw new UsageException("--watch needs a user: -u USER");
        }
        @Nullable Credential credential =
                user == null ? null : login.credential(surroundings.input());
        return new ProbeRequest(chosen, endpoint, user, credential, mailbox, connection.timeout());
    }

    private int run(MailKit kit, ProbeRequest request, MailOutput output) {
        AtomicBoolean live = new AtomicBoolean(connection.verbose());
        Consumer<ProtocolLogLine> printing = output.printing();
        ProtocolLog log =
                new ProtocolLog(
                        request.secrets(),
                        System::nanoTime,
                        line -> {
                            if (live.get()) {
                                printing.accept(line);
                            }
                        });
        @Nullable Watching watching = null;
        if (watch) {
            watching =
                    new Watching(
                            ConnectionOptions.duration("--for", span, LONGEST_WATCH),
                            () -> {
                                live.set(true);
                                log.note("waiting for what the server says");
                            });
            Signals.onStop(watching::stop);
        }
        ProbeReport report =
                new Probe(kit.guard(), kit.tls(), kit.watchdog()).run(request, log, watching);
        if (json) {
            output.json(new Json(report, log.lines().stream().map(Object::toString).toList()));
        } else {
            new ProbeText(output.out(), report)
                    .print(connection.verbose() ? List.of() : log.lines());
        }
        ProbeReport.Failure failure = report.failure();
        return failure == null
                ? 0
                : output.failed(ExitCodes.FAILED, failure.step() + ": " + failure.message());
    }

    /** The whole answer of {@code --json}. */
    record Json(ProbeReport report, List<String> transcript) {}
}
