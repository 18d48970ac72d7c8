package dev.mailbell.api.account;

import dev.mailbell.account.Mailbox;
import dev.mailbell.api.request.ViewFormats;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Position;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A mailbox as answered.
 *
 * @param total null until the first look
 * @param newCount always 0 at rest: what a look finds new, it records and announces
 * @param pendingCount null until the client gives a position
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
     * @param accountCheckedAt when the account was last looked at: every look sees every mailbox
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
                mark == null
                        ? null
                        : ViewFormats.latest(mailbox.lastCheckedAt(), accountCheckedAt));
    }
}
