package dev.mailbell.cli.mail;

import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.terminal.FileFault;
import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.smtp.OutgoingMail;
import dev.mailbell.mail.smtp.RecipientAnswer;
import dev.mailbell.mail.smtp.SendFailure;
import dev.mailbell.mail.smtp.SendResult;
import dev.mailbell.mail.smtp.SmtpClient;
import dev.mailbell.mail.smtp.SmtpServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
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

/** {@code mailbell send}. */
@Command(
        name = "send",
        description = "Sends a message by SMTP.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:the server accepted the message for all recipients",
            "1:it is not sent",
            "2:wrong usage",
            "8:it is accepted for some recipients only",
            "9:the connection broke at the end: the server may have accepted it"
        })
public final class SendCommand implements Callable<Integer> {
    private static final int LONGEST_BODY = 8 << 20;
    private static final Pattern SERVER =
            Pattern.compile("(\\[[^\\]]+\\]|[^:]+)(?::([0-9]{1,5}))?");

    private final Surroundings surroundings;

    @Parameters(arity = "1..*", paramLabel = "TO", description = "the recipients")
    private List<String> recipients = List.of();

    @Option(
            names = {"-s", "--subject"},
            required = true,
            description = "the subject")
    private String subject = "";

    @Option(
            names = {"-m", "--message"},
            paramLabel = "FILE",
            description = "the text, in UTF-8; - for the standard input")
    private @Nullable String body;

    @Option(
            names = {"-a", "--attach"},
            paramLabel = "FILE",
            description = "a file to attach; may be given several times")
    private List<Path> attachments = List.of();

    @Option(
            names = "--from",
            paramLabel = "ADDRESS",
            description = "the sender, such as \"Ann <ann@example.org>\"; default: USER")
    private @Nullable String from;

    @Option(
            names = "--server",
            required = true,
            paramLabel = "HOST[:PORT]",
            description =
                    "the SMTP server; default ports: 465 for tls, 587 for starttls, 25 for none")
    private String server = "";

    @Mixin private LoginOptions login = new LoginOptions();
    @Mixin private ConnectionOptions connection = new ConnectionOptions();

    @Option(names = "--json", description = "print the result as JSON")
    private boolean json;

    @Spec private CommandSpec spec = CommandSpec.create();

    /** For picocli. */
    public SendCommand() {
        this(Surroundings.ofProcess());
    }

    SendCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() {
        System.setProperty("mailbell.log.level", "ERROR");
        MailOutput output = new MailOutput(spec);
        try (MailKit kit = new MailKit()) {
            return send(kit, output);
        } catch (UsageException | IllegalArgumentException e) {
            return output.failed(ExitCodes.USAGE, String.valueOf(e.getMessage()));
        } catch (SendFailure e) {
            recipients(output, e.recipients());
            return output.failed(
                    e.isMaybeAccepted() ? ExitCodes.UNKNOWN : ExitCodes.FAILED, e.reason());
        } catch (MailFailure e) {
            return output.failed(ExitCodes.FAILED, e.reason() + "; the message was not sent");
        }
    }

    private int send(MailKit kit, MailOutput output) {
        Endpoint endpoint = endpoint();
        @Nullable String user = login.user().orElse(null);
        SmtpServer.@Nullable Login secret =
                user == null
                        ? null
                        : new SmtpServer.Login(user, login.credential(surroundings.input()));
        OutgoingMail mail =
                new OutgoingMail(sender(user), recipients, subject, text(), attachments);
        List<String> secrets =
                secret == null
                        ? List.of()
                        : switch (secret.credential()) {
                            case Credential.Password(String password) -> List.of(password);
                            case Credential.AccessToken(String token) -> List.of(token);
                        };
        SendResult result =
                new SmtpClient(
                                kit.connector(output.protocolLog(secrets, connection.verbose())),
                                InstantSource.system())
                        .send(
                                new SmtpServer(endpoint, secret),
                                mail,
                                Deadline.after(connection.timeout()));
        print(result, output);
        return result.isComplete() ? 0 : ExitCodes.PARTLY;
    }

    private Endpoint endpoint() {
        Matcher matcher = SERVER.matcher(server);
        if (!matcher.matches()) {
            throw new UsageException("--server is HOST or HOST:PORT, not \"" + server + "\"");
        }
        @Nullable Integer port =
                matcher.group(2) == null ? null : Integer.valueOf(matcher.group(2));
        return connection.endpoint(
                matcher.group(1),
                port,
                SmtpServer.defaultPort(connection.security()),
                surroundings.environment());
    }

    private String sender(@Nullable String user) {
        if (from != null) {
            return from;
        }
        if (user == null || user.indexOf('@') < 0) {
            throw new UsageException("Who sends it? --from ADDRESS");
        }
        return user;
    }

    private String text() {
        if (body == null) {
            if (attachments.isEmpty()) {
                throw new UsageException("What shall be sent? -m FILE or -a FILE");
            }
            return "";
        }
        byte[] octets;
        try (InputStream in =
                body.equals("-") ? surroundings.input() : Files.newInputStream(Path.of(body))) {
            octets = in.readNBytes(LONGEST_BODY + 1);
        } catch (IOException e) {
            throw new UsageException(body + " cannot be read: " + FileFault.of(e), e);
        }
        if (octets.length > LONGEST_BODY) {
            throw new UsageException("the text has more than 8 MiB: attach it with -a");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
        } catch (CharacterCodingException e) {
            throw new UsageException("the text is not UTF-8: convert it, or attach it with -a", e);
        }
    }

    private void print(SendResult result, MailOutput output) {
        if (json) {
            output.json(result);
            return;
        }
        recipients(output, result.recipients());
        output.out()
                .printf(
                        "Sent %s, %,d octets. The server said: %s%n",
                        result.messageId(), result.octets(), result.answer());
        output.out().flush();
    }

    private static void recipients(MailOutput output, List<RecipientAnswer> recipients) {
        for (RecipientAnswer recipient : recipients) {
            (recipient.accepted() ? output.out() : output.err())
                    .printf(
                            "%s %s: %s%n",
                            recipient.accepted() ? "accepted" : "REFUSED ",
                            recipient.address(),
                            recipient.answer());
        }
        output.out().flush();
        output.err().flush();
    }
}
