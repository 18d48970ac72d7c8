package dev.mailbell.cli.api;

import dev.mailbell.cli.terminal.Environment;
import dev.mailbell.cli.terminal.FileFault;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command that calls the API. */
public final class ApiOptions {
    private static final int MAX_KEY = 4096;

    /** How help texts call these options. */
    public static final String HEADING = "Options of the API:";

    @ArgGroup(validate = false, heading = "%n" + HEADING + "%n")
    private Values values = new Values();

    /** The options themselves, under a heading of their own in help texts. */
    private static final class Values {
        @Option(
                names = "--url",
                paramLabel = "URL",
                description =
                        "the API; default: MAILBELL_URL, else the daemon of this machine as configured"
                                + " (http://127.0.0.1:2177)")
        private @Nullable String url;

        @Option(
                names = "--key",
                paramLabel = "KEY",
                description =
                        "the API key. Other users of this machine can read it in the list of processes:"
                                + " prefer MAILBELL_KEY or --key-file")
        private @Nullable String key;

        @Option(
                names = "--key-file",
                paramLabel = "FILE",
                description =
                        "a file with the API key, - for standard input; default: MAILBELL_KEY, else the"
                                + " file that MAILBELL_KEY_FILE names, else for the daemon of this machine its"
                                + " operator's key, if this user can read it")
        private @Nullable String keyFile;

        @Option(
                names = "--client",
                paramLabel = "CLIENT",
                description = "with the operator's key: act for this client, by its id or name")
        private String client = "";

        @Option(
                names = "--cacert",
                paramLabel = "FILE",
                description = "trust the certificates of this PEM file, and no others")
        private @Nullable Path caFile;

        @Option(
                names = "--allow-cleartext",
                description =
                        "allow http:// to another machine: whoever is on the way can read the key and"
                                + " passwords")
        private boolean allowCleartext;

        @Option(
                names = "--timeout",
                paramLabel = "DURATION",
                converter = DurationText.class,
                description = "how long a call may take, such as 30s; default: 60s")
        private Duration timeout = Duration.ofMinutes(1);

        @Option(
                names = "--json",
                description = "print the documents of the API as lines of JSON, for programs")
        private boolean json;
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    public boolean json() {
        return values.json;
    }

    public Duration timeout() {
        return values.timeout;
    }

    public Environment environment() {
        return Environment.of(command);
    }

    public Output output() {
        return new Output(environment().out(), command.commandLine().getOut(), values.json);
    }

    /** Whether the options or the variables name an API or a key. */
    public boolean isApiNamed() {
        Environment environment = environment();
        return values.url != null
                || values.key != null
                || values.keyFile != null
                || environment.variable("MAILBELL_URL").isPresent()
                || environment.variable("MAILBELL_KEY").isPresent()
                || environment.variable("MAILBELL_KEY_FILE").isPresent();
    }

    /** The API for these options. */
    public Api open() {
        Environment environment = environment();
        if (values.timeout.isZero()) {
            throw ApiFailure.usage("--timeout must be longer than nothing");
        }
        Optional<String> named =
                Optional.ofNullable(values.url).or(() -> environment.variable("MAILBELL_URL"));
        LocalDaemon local = new LocalDaemon(environment.variables());
        URI address = named.map(this::address).orElseGet(local::url);
        Key found =
                givenKey(environment)
                        .or(() -> named.isPresent() ? Optional.empty() : local.key())
                        .orElse(new Key("", ""));
        if (named.isEmpty() && !found.text().isEmpty()) {
            local.requireGenuine();
        }
        return Api.open(
                new Target(
                        address,
                        requirePlain(found),
                        found.source(),
                        values.client,
                        values.timeout,
                        Optional.ofNullable(values.caFile).map(TrustedCa::of)));
    }

    /** A key and what it was read from. */
    record Key(String text, String source) {
        @Override
        public String toString() {
            return "Key[" + source + "]";
        }
    }

    private Optional<Key> givenKey(Environment environment) {
        @Nullable String key = values.key;
        @Nullable String keyFile = values.keyFile;
        if (key != null && keyFile != null) {
            throw ApiFailure.usage("--key and --key-file exclude each other");
        }
        if (key != null) {
            return Optional.of(new Key(key, "--key"));
        }
        if (keyFile != null) {
            return Optional.of(read(keyFile, "--key-file", environment.in()));
        }
        return environment
                .variable("MAILBELL_KEY")
                .map(text -> new Key(text.strip(), "MAILBELL_KEY"))
                .or(() ->
                        environment
                                .variable("MAILBELL_KEY_FILE")
                                .map(file -> read(file, "MAILBELL_KEY_FILE", environment.in())));
    }

    private static Key read(String file, String source, InputStream input) {
        try (InputStream in = file.equals("-") ? input : Files.newInputStream(Path.of(file))) {
            byte[] bytes = in.readNBytes(MAX_KEY + 1);
            String text = new String(bytes, StandardCharsets.UTF_8).strip();
            if (bytes.length > MAX_KEY || text.isEmpty()) {
                throw ApiFailure.usage(
                        source + " " + file + " has no key: it is empty or too long");
            }
            return new Key(text, file.equals("-") ? "standard input" : file);
        } catch (IOException | RuntimeException e) {
            if (e instanceof ApiFailure failure) {
                throw failure;
            }
            throw new ApiFailure(
                    ExitCodes.USAGE,
                    source + " " + file + " cannot be read: " + FileFault.of(e),
                    e);
        }
    }

    /** A header must not be split by what is in a key. */
    private static String requirePlain(Key key) {
        if (!key.text().chars().allMatch(c -> c > ' ' && c <= '~')) {
            throw ApiFailure.usage(
                    "the key of " + key.source() + " is not one line of visible ASCII characters");
        }
        return key.text();
    }

    private URI address(String text) {
        try {
            URI uri = new URI(text.strip());
            boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
            if (uri.getRawUserInfo() != null) {
                throw ApiFailure.usage(
                        "the URL must not hold a password; keys go into MAILBELL_KEY");
            }
            if (!http
                    || uri.getHost() == null
                    || uri.getRawQuery() != null
                    || uri.getRawFragment() != null) {
                throw ApiFailure.usage(
                        "the URL must be like https://mail.example.org, without query and fragment");
            }
            if (!"https".equals(uri.getScheme())
                    && !isLoopback(uri.getHost())
                    && !values.allowCleartext) {
                throw ApiFailure.usage(
                        "the URL must begin with https, because whoever is on the way could read the key;"
                                + " --allow-cleartext allows http:// to another machine");
            }
            String plain = uri.toString();
            return URI.create(plain.endsWith("/") ? plain.substring(0, plain.length() - 1) : plain);
        } catch (URISyntaxException e) {
            throw new ApiFailure(
                    ExitCodes.USAGE, "the URL must be like https://mail.example.org", e);
        }
    }

    /** By what is written: no name is looked up. */
    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.equals("[::1]")
                || host.matches("127(\\.[0-9]{1,3}){3}");
    }
}
