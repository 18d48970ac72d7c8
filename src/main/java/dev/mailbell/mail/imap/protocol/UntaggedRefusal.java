package dev.mailbell.mail.imap.protocol;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A refusal that only the mailbox's owner can mend, sent without the command's tag. Some servers
 * send no other answer: Stalwart to a revoked app password, interia.pl where IMAP is switched off.
 */
final class UntaggedRefusal {
    private static final int KEPT = 8;
    private static final int LONGEST = 1_000;

    /** Read only when the connection is lost: to understand a text costs more than to parse it. */
    private final List<Reply> said = new ArrayList<>(0);

    void take(SharedResponse line) {
        if ((line.isNO() || line.isBAD()) && said.size() < KEPT) {
            Reply reply = Reply.of(line);
            if (reply.text().length() <= LONGEST) {
                said.add(reply);
            }
        }
    }

    /** The refusal if there was one; otherwise throws what ended the connection. */
    Reply insteadOf(Exception lost) throws IOException {
        for (Reply reply : said.reversed()) {
            if (Refusals.ofCommand(reply, "").code() == FailureCode.AUTH_FAILED) {
                return reply;
            }
        }
        if (lost instanceof IOException failed) {
            throw failed;
        }
        throw (MailFailure) lost;
    }
}
