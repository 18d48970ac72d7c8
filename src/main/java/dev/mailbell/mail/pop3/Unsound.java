package dev.mailbell.mail.pop3;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;

/** Answers that are malformed or contradict each other, in a dialogue that is still in step. */
final class Unsound extends MailFailure {
    private static final long serialVersionUID = 1L;

    /**
     * @param what what the server did, as in {@code contradicts itself}
     */
    Unsound(String what) {
        super(FailureCode.PROTOCOL_ERROR, "the server " + what);
    }
}
