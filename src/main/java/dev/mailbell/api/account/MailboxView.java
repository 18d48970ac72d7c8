package dev.mailbell.api.account;

import dev.mailbell.account.Mailbox;
import dev.mailbell.api.request.Instants;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Position;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A mailbox as clients see it.
 *
 * @param total null until the first check
 * @param newCount always 0: a check records and announces the new messages that it finds
 * @param pendingCount null until the client sets a position
 * @param approximate whether the server's answers allow no exact counts
 */
record MailboxView(
        String name,
        @Nullable Integer total,
        int newCount,
        @Nullable Integer pendingCount,
        @Nullable MarkView notified,
        @Nullable MarkView client,
        boolean approximate,
        @Nullable Instant lastCheckedAt) {

    record MarkView(int maxId, @Nullable String uid, @Nullable Long uidValidity) {}

    /**
     * @param accountCheckedAt the account's last check; every check covers all mailboxes
     */
    static MailboxView of(Mailbox mailbox, @Nullable Instant accountCheckedAt) {
        Mark mark = mailbox.state().mark();
        Position client = mailbox.state().client();
        return new MailboxView(
                mailbox.name(),
                mark == null ? null : (Integer) mark.total(),
                0,
                mailbox.state().pending(),
                mark == null
                        ? null
                        : new MarkView(
                                mark.total(),
                                mark.topUidText(),
                                mark instanceof ImapMark imap && imap.uidValidity() > 0
                                        ? (Long) imap.uidValidity()
                                        : null),
                client == null
                        ? null
                        : new MarkView(client.maxId(), client.uid(), client.uidValidity()),
                mark instanceof Pop3Mark pop3 && pop3.approximate()
                        || mark instanceof ImapMark known && known.approximate(),
                mark == null ? null : Instants.latest(mailbox.lastCheckedAt(), accountCheckedAt));
    }
}
