package dev.mailbell.mail.pop3.protocol;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;

/** Answers that are malformed or contradict each other, in a dialogue that is still in step. */
public final class UnsoundAnswerException extends MailFailure {
    private static final long serialVersionUID = 1L;

    /**
     * @param what what the server did, as in {@code contradicts itself}
     */
    public UnsoundAnswerException(String what) {
        super(FailureCode.PROTOCOL_ERROR, "the server " + what);
    }
}
