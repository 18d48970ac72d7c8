package dev.mailbell.mail.smtp;

import dev.mailbell.mail.Endpoint;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.text.ServerText;
import jakarta.mail.MessagingException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Translates what Angus throws. */
final class SmtpFailures {
    private SmtpFailures() {}

    /** The failure of the connection, or of what the server said. */
    static MailFailure of(Endpoint server, MessagingException e) {
        for (@Nullable Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof MailFailure failure) {
                return failure;
            }
            if (t instanceof SocketTimeoutException) {
                return new MailFailure(
                        FailureCode.TIMEOUT, server.server() + " did not answer in time", e);
            }
            if (t instanceof IOException) {
                return new MailFailure(
                        FailureCode.CONNECT_FAILED,
                        "the connection to "
                                + server.server()
                                + " was lost: "
                                + ServerText.oneLine(String.valueOf(t.getMessage()), 200),
                        e);
            }
        }
        return new MailFailure(
                FailureCode.PROTOCOL_ERROR,
                server.server()
                        + " does not speak SMTP as expected: "
                        + ServerText.shown(String.valueOf(e.getMessage()), List.of()),
                e);
    }
}
