package dev.mailbell.cli.emailengine;

import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.emailengine.Converted.Carried;
import dev.mailbell.cli.terminal.CommandFailedException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

@Command(
        name = "emailengine",
        description = {
            "Takes over the accounts that emailengine export wrote.",
            "Prints each account that cannot be carried, and why; no secret is printed.",
            "MAILBELL_KEY holds the API key. Exit code 8: some accounts were not carried."
        },
        mixinStandardHelpOptions = true)
public final class ImportEmailEngineCommand implements Callable<Integer> {
    private final UnaryOperator<@Nullable String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "FILE", description = "outputs of emailengine export, in one file")
    private Path file = Path.of("");

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "registers the accounts at this daemon; default: MAILBELL_URL")
    private @Nullable URI url;

    @Option(
            names = "--client",
            paramLabel = "ID",
            description = "with the operator's key: the client that the accounts are for")
    private @Nullable UUID client;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "writes lines for POST /v1/clients/{id}/import instead, secrets included")
    private @Nullable Path out;

    @Option(names = "--dry-run", description = "only reports")
    private boolean dryRun;

    @Option(
            names = "--app",
            paramLabel = "THERE=HERE",
            description =
                    "an OAuth2 app's ID at EmailEngine, and the id of the app here; repeatable")
    private Map<String, UUID> apps = Map.of();

    @Option(
            names = "--mailboxes",
            paramLabel = "NAME",
            split = ",",
            description =
                    "what to watch of accounts that watch all folders; default: ${DEFAULT-VALUE}",
            defaultValue = "INBOX")
    private List<String> mailboxes = List.of("INBOX");

    @Option(
            names = "--egress",
            paramLabel = "NAME",
            description = "the way out (network.egress) of accounts that have a proxy of their own")
    private @Nullable String egress;

    @Option(names = "--envelopes", description = "events carry senders and subjects")
    private boolean envelopes;

    /** For picocli. */
    ImportEmailEngineCommand() {
        this(System::getenv);
    }

    ImportEmailEngineCommand(UnaryOperator<@Nullable String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() {
        ConversionReport report = new ConversionReport(spec.commandLine().getOut());
        Conversion conversion =
                new Conversion(new Conversion.Choices(apps, mailboxes, egress, envelopes));
        try (Destination destination = destination(report);
                ExportReader accounts = ExportReader.open(file)) {
            carryAll(accounts, conversion, destination, report);
        } catch (ExportFaultException e) {
            throw new CommandFailedException(String.valueOf(e.getMessage()), e);
        } finally {
            report.end();
        }
        return report.notCarried() == 0 ? ExitCodes.DONE : ExitCodes.PARTLY;
    }

    private static void carryAll(
            ExportReader accounts,
            Conversion conversion,
            Destination destination,
            ConversionReport report) {
        Set<String> seen = new HashSet<>();
        Optional<ObjectNode> first = accounts.next();
        if (first.isEmpty()) {
            throw new CommandFailedException("the file has no account", null);
        }
        for (Optional<ObjectNode> next = first; next.isPresent(); next = accounts.next()) {
            switch (conversion.convert(next.get())) {
                case Converted.Refused refused -> report.refused(refused.ref(), refused.reason());
                case Carried carried when !seen.add(carried.ref()) ->
                        report.refused(carried.ref(), "it is in the file twice");
                case Carried carried -> destination.add(carried);
            }
        }
        destination.finish();
    }

    private Destination destination(ConversionReport report) {
        if (dryRun) {
            return new DryRun(report);
        }
        if (out != null && url != null) {
            throw usage("Give --url or --out, not both.");
        }
        if (out != null) {
            return ImportFile.create(out, report.as("written"));
        }
        return new AccountUpload(
                api(), key(), client == null ? null : client.toString(), report.as("registered"));
    }

    private URI api() {
        String given = url == null ? environment.apply("MAILBELL_URL") : url.toString();
        if (given == null) {
            throw usage("Where to? Give --dry-run, --url or --out.");
        }
        URI api = parsed(given);
        String host = api.getHost();
        String scheme = String.valueOf(api.getScheme()).toLowerCase(Locale.ROOT);
        boolean http = scheme.equals("http");
        boolean plain =
                api.getRawUserInfo() == null
                        && api.getRawQuery() == null
                        && api.getRawFragment() == null;
        if (host == null || !plain || !http && !scheme.equals("https")) {
            throw notAnApi();
        }
        if (http && !isLoopback(host)) {
            throw usage("--url must begin with https: the accounts' passwords are sent to it");
        }
        return api;
    }

    private URI parsed(String url) {
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            throw notAnApi();
        }
    }

    private ParameterException notAnApi() {
        return usage("--url must be the address of the API, such as https://mailbell.example.org");
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.equals("[::1]")
                || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    private String key() {
        String key = environment.apply("MAILBELL_KEY");
        if (key == null || key.isBlank()) {
            throw usage("Set MAILBELL_KEY to an API key with the scope accounts:credentials.");
        }
        String line = key.strip();
        // Java's HTTP client would quote the key in its error.
        if (!line.chars().allMatch(c -> c > ' ' && c <= '~')) {
            throw usage("MAILBELL_KEY is not one line of visible ASCII characters.");
        }
        return line;
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Carries nothing. */
    private record DryRun(ConversionReport report) implements Destination {
        @Override
        public void add(Carried account) {
            report.as("can be carried").added(account);
        }

        @Override
        public void finish() {}

        @Override
        public void close() {}
    }
}
