package dev.mailbell.mail.smtp;

import dev.mailbell.mail.Credential;
import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.mail.connection.MailConnector;
import dev.mailbell.mail.smtp.SmtpDialogue.Answer;
import dev.mailbell.mail.smtp.SmtpDialogue.Phase;
import dev.mailbell.mail.text.ServerText;
import dev.mailbell.network.Deadline;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends messages by SMTP (RFC 5321, RFC 6409), each over a connection of its own. Thread-safe.
 *
 * <p>A message is accepted when the server has answered its end with 2xx. If the connection breaks
 * before its end was sent, the message is not sent. Between the two it may have been accepted:
 * {@link SendFailure#isMaybeAccepted} is true.
 */
public final class SmtpClient {
    private static final Logger LOG = LoggerFactory.getLogger(SmtpClient.class);
    private static final Duration QUIT_TIMEOUT = Duration.ofSeconds(2);

    /** More than the longest answers of any server. */
    private static final long BYTE_BUDGET = 256 * 1024;

    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,18}");

    private final MailConnector connector;
    private final InstantSource clock;

    public SmtpClient(MailConnector connector, InstantSource clock) {
        this.connector = connector;
        this.clock = clock;
    }

    /**
     * Sends a message to those recipients that the server takes.
     *
     * @param deadline when the connection is cut, whatever it is doing
     * @throws IllegalArgumentException when the mail cannot be sent as it is: an address that is
     *     none, a line break in a header, a file that cannot be read; nothing was connected
     * @throws SendFailure when no recipient gets it, or when the message may have been accepted
     * @throws MailFailure when the server was not reached, or refused the login
     */
    public SendResult send(SmtpServer server, OutgoingMail mail, Deadline deadline) {
        Endpoint endpoint = server.endpoint();
        Composer.Composed early = compose(mail, Session.getInstance(new Properties()));
        LimitedSocket socket = connector.open(endpoint, deadline, BYTE_BUDGET);
        try {
            Session session =
                    Session.getInstance(
                            SmtpDialogue.properties(
                                    socket,
                                    endpoint.security() == Security.STARTTLS,
                                    early.needsUtf8()));
            Composer.Composed composed = compose(mail, session);
            return send(server, composed, new SmtpDialogue(session), socket, session);
        } finally {
            socket.cut();
        }
    }

    private Composer.Composed compose(OutgoingMail mail, Session session) {
        try {
            return Composer.compose(mail, session, clock.instant());
        } catch (MessagingException e) {
            throw new IllegalArgumentException(
                    "the message cannot be composed: "
                            + ServerText.oneLine(String.valueOf(e.getMessage()), 200),
                    e);
        }
    }

    private static SendResult send(
            SmtpServer server,
            Composer.Composed composed,
            SmtpDialogue dialogue,
            LimitedSocket socket,
            Session session) {
        open(server, dialogue, socket);
        SmtpServer.Login login = server.login();
        if (login != null) {
            new SmtpLogin(dialogue, server).enter(login);
        }
        long octets = octets(composed);
        requireTaken(server, composed, dialogue, octets);
        if (dialogue.supportsExtension("SIZE")) {
            session.getProperties().put("mail.smtp.mailextension", "SIZE=" + octets);
        }
        try {
            dialogue.sendMessage(composed.message(), composed.to().toArray(InternetAddress[]::new));
        } catch (MessagingException e) {
            // Angus throws this also when the message was accepted for some recipients only.
            if (dialogue.phase() != Phase.ACCEPTED) {
                throw failure(server, composed, dialogue, e);
            }
        }
        SendResult result =
                new SendResult(
                        messageId(composed),
                        octets,
                        recipients(server, composed, dialogue),
                        shown(server, dialogue.end()));
        quit(dialogue, socket);
        return result;
    }

    private static void open(SmtpServer server, SmtpDialogue dialogue, LimitedSocket socket) {
        Endpoint endpoint = server.endpoint();
        try {
            dialogue.connect(socket);
        } catch (MessagingException e) {
            Answer last = dialogue.last();
            if (endpoint.security() == Security.STARTTLS
                    && last.isPositive()
                    && !dialogue.supportsExtension("STARTTLS")) {
                throw new MailFailure(
                        FailureCode.TLS_FAILED,
                        endpoint.server()
                                + " does not offer STARTTLS: use security \"tls\" with port 465",
                        e);
            }
            MailFailure failure = SmtpFailures.of(endpoint, e);
            throw failure.code() == FailureCode.PROTOCOL_ERROR
                    ? ofGreeting(server, last, failure)
                    : failure;
        }
    }

    private static MailFailure ofGreeting(SmtpServer server, Answer last, MailFailure failure) {
        String where = server.endpoint().server();
        if (last.text().equals("[EOF]")) {
            return new MailFailure(
                    FailureCode.CONNECT_FAILED, where + " closed the connection at once", failure);
        }
        String said = " said \"" + shown(server, last) + "\"";
        return last.code() >= 400 && last.code() < 600
                ? new MailFailure(FailureCode.SERVER_ERROR, where + said, failure)
                : new MailFailure(
                        FailureCode.PROTOCOL_ERROR,
                        where + " does not speak SMTP: it" + said + "; check port and security",
                        failure);
    }

    private static long octets(Composer.Composed composed) {
        try {
            return composed.octets();
        } catch (MessagingException | IOException e) {
            throw new IllegalArgumentException(
                    "an attachment cannot be read: " + e.getMessage(), e);
        }
    }

    /** Refuses before anything is sent what the server has said it does not take. */
    private static void requireTaken(
            SmtpServer server, Composer.Composed composed, SmtpDialogue dialogue, long octets) {
        String where = server.endpoint().server();
        if (composed.needsUtf8() && !dialogue.supportsExtension("SMTPUTF8")) {
            throw notSent(
                    FailureCode.SERVER_ERROR,
                    where
                            + " does not take addresses with other letters than ASCII before the @"
                            + " (it lacks SMTPUTF8)");
        }
        String size = dialogue.getExtensionParameter("SIZE");
        Matcher digits = DIGITS.matcher(size == null ? "" : size.strip());
        long limit = digits.matches() ? Long.parseLong(digits.group()) : 0;
        if (limit > 0 && octets > limit) {
            throw notSent(
                    FailureCode.SERVER_ERROR,
                    "the message has %,d octets, and %s takes at most %,d"
                            .formatted(octets, where, limit));
        }
    }

    private static SendFailure notSent(FailureCode code, String message) {
        return new SendFailure(code, message, false, List.of(), null);
    }

    private static SendFailure failure(
            SmtpServer server,
            Composer.Composed composed,
            SmtpDialogue dialogue,
            MessagingException e) {
        List<RecipientAnswer> recipients = recipients(server, composed, dialogue);
        MailFailure connection = SmtpFailures.of(server.endpoint(), e);
        if (dialogue.phase() == Phase.ENDED) {
            return new SendFailure(
                    connection.code() == FailureCode.TIMEOUT
                            ? FailureCode.TIMEOUT
                            : FailureCode.CONNECT_FAILED,
                    server.endpoint().server()
                            + " got the whole message and did not answer: it may have accepted it."
                            + " Look for it before you send it again.",
                    true,
                    recipients,
                    e);
        }
        Answer last = dialogue.last();
        if (last.code() >= 400 && last.code() < 600) {
            boolean none =
                    !recipients.isEmpty()
                            && recipients.size() == composed.to().size()
                            && recipients.stream().noneMatch(RecipientAnswer::accepted);
            return new SendFailure(
                    FailureCode.SERVER_ERROR,
                    (none
                                    ? "the server takes none of the recipients"
                                    : "the server refused the message")
                            + ": \""
                            + shown(server, last)
                            + "\"",
                    false,
                    recipients,
                    e);
        }
        return new SendFailure(
                connection.code() == FailureCode.PROTOCOL_ERROR && last.code() < 0
                        ? FailureCode.CONNECT_FAILED
                        : connection.code(),
                connection.reason() + "; the message was not sent",
                false,
                recipients,
                e);
    }

    private static List<RecipientAnswer> recipients(
            SmtpServer server, Composer.Composed composed, SmtpDialogue dialogue) {
        List<RecipientAnswer> result = new ArrayList<>();
        List<Answer> answers = dialogue.recipients();
        for (int i = 0; i < answers.size(); i++) {
            Answer answer = answers.get(i);
            result.add(
                    new RecipientAnswer(
                            composed.to().get(i).getAddress(),
                            answer.isPositive(),
                            shown(server, answer)));
        }
        return result;
    }

    private static String shown(SmtpServer server, Answer answer) {
        SmtpServer.Login login = server.login();
        List<String> secrets =
                login == null
                        ? List.of()
                        : switch (login.credential()) {
                            case Credential.Password(String password) -> List.of(password);
                            case Credential.AccessToken(String token) -> List.of(token);
                        };
        return ServerText.shown(answer.text(), secrets);
    }

    private static String messageId(Composer.Composed composed) {
        try {
            return String.valueOf(composed.message().getMessageID());
        } catch (MessagingException e) {
            throw new IllegalStateException("a composed message has a Message-ID", e);
        }
    }

    /** The message is accepted, so a failure here is no failure of it. */
    private static void quit(SmtpDialogue dialogue, LimitedSocket socket) {
        socket.hasten(Deadline.after(QUIT_TIMEOUT));
        try {
            dialogue.close();
        } catch (MessagingException e) {
            LOG.debug("the connection was not ended by QUIT", e);
        }
    }
}
