package dev.mailbell.watch.check;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The mailboxes that one check of an account could not read. One that is missing or refused does
 * not keep the check from the others.
 */
final class MailboxFailures {
    private final List<String> missing = new ArrayList<>();
    private @Nullable MailFailure lastMissing;
    private @Nullable MailFailure unread;

    /**
     * Records the failure of one mailbox.
     *
     * @throws MailFailure when the other mailboxes need not be tried: the first failure
     */
    void take(String mailbox, MailFailure failure) {
        if (failure.code() == FailureCode.MAILBOX_MISSING) {
            missing.add(mailbox);
            lastMissing = failure;
            return;
        }
        if (unread == null) {
            unread = failure;
        }
        if (!concernsMailbox(failure.code())) {
            throw unread;
        }
    }

    /** If such a failure ended the session, the check of the next mailbox fails at once. */
    private static boolean concernsMailbox(FailureCode code) {
        return switch (code) {
            case SERVER_ERROR, PROTOCOL_ERROR, MAILBOX_LOCKED -> true;
            default -> false;
        };
    }

    /**
     * Ends the check.
     *
     * @param checked whether any mailbox was read
     * @throws MailFailure when one was refused, or none was read
     */
    void throwUnlessPartial(boolean checked) {
        if (unread != null) {
            throw unread;
        }
        if (!checked && lastMissing != null) {
            throw lastMissing;
        }
    }

    /** The mailboxes that the server does not have. */
    List<String> missing() {
        return missing;
    }
}
