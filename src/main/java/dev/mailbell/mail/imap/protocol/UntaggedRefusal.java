package dev.mailbell.mail.imap.protocol;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A refusal that only the mailbox's owner can mend, sent without the command's tag. Some servers
 * send no other answer: Stalwart to a revoked app password, interia.pl where IMAP is switched off.
 */
final class UntaggedRefusal {
    private @Nullable Reply reply;

    void take(SharedResponse line) {
        if (line.isNO() || line.isBAD()) {
            Reply said = Reply.of(line);
            if (Refusals.ofCommand(said, "").code() == FailureCode.AUTH_FAILED) {
                reply = said;
            }
        }
    }

    /** The refusal if there was one; otherwise throws what ended the connection. */
    Reply insteadOf(Exception lost) throws IOException {
        if (reply != null) {
            return reply;
        }
        if (lost instanceof IOException failed) {
            throw failed;
        }
        throw (MailFailure) lost;
    }
}
