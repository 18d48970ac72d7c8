package dev.mailbell.cli.mail;

import dev.mailbell.cli.terminal.FileFault;
import dev.mailbell.config.parsing.Durations;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Security;
import dev.mailbell.network.Host;
import dev.mailbell.network.socket.Egress;
import dev.mailbell.network.socket.ProxyAddress;
import dev.mailbell.network.tls.KeyPin;
import dev.mailbell.network.tls.TlsContexts;
import dev.mailbell.network.tls.TlsTrust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a server is reached; the same options for all these commands. */
final class ConnectionOptions {
    private static final String SOCKS = "socks5://";
    private static final Duration LONGEST = Duration.ofHours(1);

    @Option(
            names = "--security",
            paramLabel = "tls|starttls|none",
            description = "how the connection is protected; default: ${DEFAULT-VALUE}",
            defaultValue = "tls")
    private String security = "tls";

    @Option(names = "--port", description = "default: the registered port of the protocol")
    private @Nullable Integer port;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            description = "certificates to trust besides the platform's, in PEM")
    private @Nullable Path ca;

    @Option(
            names = "--pin",
            paramLabel = "SHA256",
            description = "a key that the server must have, as tls.pinSha256 of an account")
    private List<String> pins = List.of();

    @Option(names = "--insecure", description = "accept any certificate (a pin still counts)")
    private boolean insecure;

    @Option(
            names = "--socks",
            paramLabel = "HOST:PORT",
            description = {
                "connect through this SOCKS 5 proxy, which looks the name up;",
                "with a login: MAILBELL_SOCKS=socks5://user:password@host:port"
            })
    private @Nullable String socks;

    @Option(
            names = "--timeout",
            description =
                    "of the whole dialogue, for recv of each command; default: ${DEFAULT-VALUE}",
            defaultValue = "30s")
    private String timeout = "30s";

    @Option(
            names = {"-v", "--verbose"},
            description = "print what is said, without secrets, to the standard error")
    private boolean verbose;

    boolean verbose() {
        return verbose;
    }

    Security security() {
        return switch (security.toLowerCase(Locale.ROOT)) {
            case "tls" -> Security.TLS;
            case "starttls" -> Security.STARTTLS;
            case "none" -> Security.NONE;
            default ->
                    throw new UsageException(
                            "--security is tls, starttls or none, not \"" + security + "\"");
        };
    }

    Duration timeout() {
        return duration("--timeout", timeout, LONGEST);
    }

    static Duration duration(String option, String text, Duration longest) {
        Duration parsed;
        try {
            parsed = Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw new UsageException(option + " is " + e.getMessage(), e);
        }
        if (!parsed.isPositive() || parsed.compareTo(longest) > 0) {
            throw new UsageException(
                    option + " is more than 0 and at most " + longest.toHours() + "h");
        }
        return parsed;
    }

    /**
     * The server.
     *
     * @param givenPort of the host's own option; null for none
     * @param environment of this process
     */
    Endpoint endpoint(
            String host,
            @Nullable Integer givenPort,
            int defaultPort,
            Map<String, String> environment) {
        int number = givenPort != null ? givenPort : port != null ? port : defaultPort;
        try {
            Host canonical = Host.of(host);
            return new Endpoint(
                    canonical.toString(),
                    number,
                    security(),
                    trust(),
                    egress(canonical, environment));
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
    }

    private TlsTrust trust() {
        String pem = ca == null ? null : text(ca);
        if (pem != null) {
            TlsContexts.requireCaPem(pem, "--ca");
        }
        return new TlsTrust(!insecure, pem, pins.stream().map(KeyPin::parse).toList());
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > 256 * 1024) {
                throw new UsageException(file + " is too large for certificates");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new UsageException(file + " cannot be read: " + FileFault.of(e), e);
        }
    }

    private @Nullable Egress egress(Host host, Map<String, String> environment) {
        String given = socks;
        if (given == null) {
            given = environment.get("MAILBELL_SOCKS");
        } else if (given.indexOf('@') >= 0) {
            throw new UsageException(
                    "other users of this machine see arguments: give a proxy's password in"
                            + " MAILBELL_SOCKS=socks5://user:password@host:port");
        }
        if (given == null || given.isBlank()) {
            return null;
        }
        String url = given.startsWith(SOCKS) ? given : SOCKS + given;
        return new Egress("socks", ProxyAddress.parse(url), null, host.literal().isEmpty());
    }
}
