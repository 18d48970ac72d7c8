package dev.mailbell.cli.mail;

import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.maildrop.AttachmentSaver;
import dev.mailbell.mail.maildrop.Maildrop;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mailbell recv}. */
@Command(
        name = "recv",
        description = {
            "Talks to a POP3 server.",
            "Without a COMMAND it asks for commands until quit:",
            "  stat                 number and size of the messages",
            "  list [N]             their sizes",
            "  uidl [N]             their UIDs",
            "  top N [LINES]        header and first lines, as they are",
            "  show N               decoded; with --save its attachments are saved",
            "  delete N             with --delete only; asks first, and takes effect at quit"
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:done", "1:the server or a command failed", "2:wrong usage"})
public final class RecvCommand implements Callable<Integer> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})([KMG]?)");

    private final Surroundings surroundings;

    @Parameters(index = "0", paramLabel = "HOST", description = "the POP3 server")
    private String host = "";

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "COMMAND",
            description = "one command, as above")
    private List<String> command = List.of();

    @Mixin private LoginOptions login = new LoginOptions();
    @Mixin private ConnectionOptions connection = new ConnectionOptions();

    @Option(
            names = "--save",
            paramLabel = "DIR",
            description = "show saves attachments here; nothing is overwritten")
    private @Nullable Path save;

    @Option(names = "--delete", description = "allow the command delete")
    private boolean delete;

    @Option(
            names = "--max-size",
            paramLabel = "SIZE",
            description = "the largest message to read; default: ${DEFAULT-VALUE}",
            defaultValue = "64M")
    private String maxSize = "64M";

    @Option(names = "--json", description = "print results as JSON")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public RecvCommand() {
        this(Surroundings.ofProcess());
    }

    RecvCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        System.setProperty("mailbell.log.level", "ERROR");
        MailOutput output = new MailOutput(spec);
        try (MailKit kit = new MailKit()) {
            return talk(kit, output);
        } catch (UsageException e) {
            return output.failed(ExitCodes.USAGE, String.valueOf(e.getMessage()));
        } catch (MailFailure e) {
            return output.failed(ExitCodes.FAILED, e.reason());
        } catch (IOException | UncheckedIOException e) {
            return output.failed(ExitCodes.FAILED, String.valueOf(e.getMessage()));
        }
    }

    private int talk(MailKit kit, MailOutput output) throws IOException {
        Endpoint endpoint =
                connection.endpoint(
                        host,
                        null,
                        Protocol.POP3.defaultPort(connection.security()),
                        surroundings.environment());
        Login opened =
                new Login(
                        Protocol.POP3,
                        endpoint.host(),
                        endpoint.port(),
                        endpoint.security(),
                        login.requiredUser(),
                        login.credential(surroundings.input()),
                        endpoint.tls(),
                        endpoint.egress(),
                        null,
                        false);
        MaildropCommands.Limits limits =
                new MaildropCommands.Limits(octets(maxSize), delete, saver());
        // Parsed before anything is connected, so that a mistake costs no login.
        @Nullable MaildropCommand once =
                command.isEmpty() ? null : MaildropCommand.parse(String.join(" ", command), delete);
        BufferedReader input =
                new BufferedReader(
                        new InputStreamReader(surroundings.input(), StandardCharsets.UTF_8));
        try (Maildrop maildrop =
                        Maildrop.open(
                                kit.connector(
                                        output.protocolLog(
                                                MaildropCommands.secrets(opened),
                                                connection.verbose())),
                                opened,
                                connection.timeout());
                MaildropCommands commands =
                        new MaildropCommands(maildrop, limits, output, input, json)) {
            return once == null ? commands.interactive() : commands.once(once);
        }
    }

    private @Nullable AttachmentSaver saver() {
        if (save == null) {
            return null;
        }
        try {
            return new AttachmentSaver(Files.createDirectories(save.toAbsolutePath()));
        } catch (IOException e) {
            throw new UsageException("--save " + save + " is no directory: " + e.getMessage(), e);
        }
    }

    private static long octets(String size) {
        Matcher matcher = SIZE.matcher(size.toUpperCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new UsageException("--max-size is a number such as 500K or 64M, not " + size);
        }
        int shift =
                switch (matcher.group(2)) {
                    case "K" -> 10;
                    case "M" -> 20;
                    case "G" -> 30;
                    default -> 0;
                };
        long octets = Long.parseLong(matcher.group(1)) << shift;
        if (octets < 1 || octets > 1L << 32) {
            throw new UsageException("--max-size is more than 0 and at most 4G");
        }
        return octets;
    }
}
