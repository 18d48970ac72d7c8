package dev.mailbell.cli.account;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.ApiOptions;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.DurationText;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.terminal.Environment;
import dev.mailbell.cli.terminal.FileFault;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** An account to register, from options or from a file with its document. */
final class RegistrationOptions {
    private static final int MAX_BYTES = 1 << 20;

    @Parameters(
            arity = "0..1",
            paramLabel = "ADDRESS",
            description =
                    "the mail address; the mail server is searched for, unless --host names it")
    private @Nullable String address;

    @Option(names = "--ref", paramLabel = "REF", description = "your own name for the account")
    private @Nullable String ref;

    @Option(names = "--protocol", paramLabel = "NAME", description = "imap or pop3; default: imap")
    private @Nullable String protocol;

    @Option(names = "--host", paramLabel = "HOST", description = "the mail server")
    private @Nullable String host;

    @Option(names = "--port", paramLabel = "PORT", description = "default: that of the protocol")
    private @Nullable Integer port;

    @Option(
            names = "--security",
            paramLabel = "NAME",
            description = "tls, starttls or none; default: tls")
    private @Nullable String security;

    @Option(names = "--user", paramLabel = "NAME", description = "default: the address")
    private @Nullable String user;

    @Option(
            names = "--mailbox",
            paramLabel = "NAME",
            description = "a mailbox to watch; may be repeated; default: INBOX")
    private @Nullable List<String> mailboxes;

    @Option(
            names = "--interval",
            paramLabel = "DURATION",
            converter = DurationText.class,
            description = "between checks when polling, such as 2m; default: as configured")
    private @Nullable Duration interval;

    @Option(names = "--label", paramLabel = "NAME=VALUE", description = "a label; may be repeated")
    private @Nullable Map<String, String> labels;

    @Option(
            names = "--from",
            paramLabel = "FILE",
            description =
                    "the whole account as a JSON document of POST /v1/accounts, - for standard"
                            + " input; excludes the address and the options above")
    private @Nullable String file;

    @Mixin private PasswordOptions secret = new PasswordOptions();

    /** Registers the account, and prints its id. */
    void register(ApiOptions options) {
        Output output = options.output();
        JsonNode account = document(options.environment());
        // The owner's consent takes the place of a secret.
        boolean consent = secret.app().isPresent();
        try (Api api = options.open()) {
            output.document(
                    api.post(consent ? "/v1/consents" : Accounts.PATH, account),
                    added -> {
                        output.say(
                                consent
                                        ? Documents.text(added, "account", "id")
                                        : Documents.text(added, "id"));
                        if (consent) {
                            output.say(
                                    "The owner opens this link until "
                                            + Documents.instant(added, "expiresAt")
                                            + ": "
                                            + Documents.text(added, "url"));
                        }
                    });
        }
    }

    /**
     * Tries the login from the daemon, and prints what it found.
     *
     * @return the exit code
     */
    int verify(ApiOptions options) {
        JsonNode account = document(options.environment());
        try (Api api = options.open()) {
            JsonNode verification = api.post("/v1/accounts/verify", account);
            options.output().details(verification);
            return verification.path("ok").booleanValue(false) ? ExitCodes.DONE : ExitCodes.FAILED;
        }
    }

    /** The document of the account, with its secret. */
    private JsonNode document(Environment environment) {
        secret.requireOne();
        if (file != null) {
            requireNothingElse();
            return read(file, environment);
        }
        if (address == null) {
            throw ApiFailure.usage("give the mail address, or the document with --from");
        }
        ObjectNode account = Documents.object();
        put(account, "ref", ref);
        account.put("address", address);
        ObjectNode mail = account.putObject("mail");
        put(mail, "protocol", protocol);
        put(mail, "host", host);
        if (port != null) {
            mail.put("port", port);
        }
        put(mail, "security", security);
        put(mail, "username", user);
        if (mailboxes != null) {
            ArrayNode names = account.putArray("mailboxes");
            mailboxes.forEach(names::add);
        }
        if (interval != null) {
            account.putObject("watch").put("interval", interval.toString());
        }
        if (labels != null) {
            ObjectNode named = account.putObject("labels");
            new TreeMap<>(labels).forEach(named::put);
        }
        if (secret.app().isPresent()) {
            mail.putObject("oauth2").put("app", secret.app().get());
        } else {
            mail.put("password", secret.read(environment, address));
        }
        return account;
    }

    private void requireNothingElse() {
        boolean more =
                address != null
                        || ref != null
                        || protocol != null
                        || host != null
                        || port != null
                        || security != null
                        || user != null
                        || mailboxes != null
                        || interval != null
                        || labels != null;
        if (more) {
            throw ApiFailure.usage("--from excludes the address and the other options");
        }
    }

    private static void put(ObjectNode node, String name, @Nullable String value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    private static JsonNode read(String file, Environment environment) {
        try (InputStream in =
                file.equals("-") ? environment.in() : Files.newInputStream(Path.of(file))) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw ApiFailure.usage("--from " + file + " is longer than 1 MiB");
            }
            return Documents.MAPPER.readTree(bytes);
        } catch (IOException e) {
            throw new ApiFailure(
                    ExitCodes.USAGE, "--from " + file + " cannot be read: " + FileFault.of(e), e);
        } catch (JacksonException e) {
            // Without the text around the fault, which may be a secret.
            throw new ApiFailure(
                    ExitCodes.USAGE,
                    "--from %s is not JSON, at line %d, column %d"
                            .formatted(
                                    file,
                                    e.getLocation().getLineNr(),
                                    e.getLocation().getColumnNr()));
        }
    }
}
