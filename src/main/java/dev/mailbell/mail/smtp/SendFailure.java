package dev.mailbell.mail.smtp;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A message was not sent, or it is not known whether it was. */
public final class SendFailure extends MailFailure {
    private static final long serialVersionUID = 1L;

    private final boolean maybeAccepted;
    private final transient List<RecipientAnswer> recipients;

    SendFailure(
            FailureCode code,
            String message,
            boolean maybeAccepted,
            List<RecipientAnswer> recipients,
            @Nullable Throwable cause) {
        super(code, message, cause);
        this.maybeAccepted = maybeAccepted;
        this.recipients = List.copyOf(recipients);
    }

    /**
     * Whether the server may have accepted the message: it got all of it and gave no answer.
     * Sending again may deliver it twice.
     */
    public boolean isMaybeAccepted() {
        return maybeAccepted;
    }

    /** The recipients that the server has answered about. */
    public List<RecipientAnswer> recipients() {
        return recipients;
    }
}
