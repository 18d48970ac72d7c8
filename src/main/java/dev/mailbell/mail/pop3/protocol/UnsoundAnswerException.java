package dev.mailbell.mail.pop3.protocol;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;

/**
 * Thrown when answers are malformed or contradict each other, while the dialogue is still in step.
 */
public final class UnsoundAnswerException extends MailFailure {
    private static final long serialVersionUID = 1L;

    /**
     * @param what what the server did, a phrase that follows "the server"
     */
    public UnsoundAnswerException(String what) {
        super(FailureCode.PROTOCOL_ERROR, "the server " + what);
    }
}
