package dev.mailbell.watch.admission;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;

/** This node's own limits allow no check now, which says nothing of the mail server. */
public final class NoRoomException extends MailFailure {
    private static final long serialVersionUID = 1L;

    public NoRoomException(String message) {
        super(FailureCode.RATE_LIMITED, message);
    }
}
