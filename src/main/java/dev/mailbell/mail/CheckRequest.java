package dev.mailbell.mail;

import dev.mailbell.detection.Mark;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a check of one mailbox.
 *
 * @param mailbox the mailbox's name in Unicode; POP3 knows only {@code INBOX}
 * @param mark the mark of the previous check; null asks for a baseline
 * @param searchFrom IMAP: the lowest UID to report, at most the mark's UIDNEXT; lower when the
 *     client's position is
 * @param exhaustive whether every shortcut is forbidden: IMAP searches from {@code searchFrom},
 *     POP3 lists everything
 * @param lastCheckedAt the time of the previous check, after which messages count as arrived when
 *     UIDVALIDITY has changed; null for none
 */
public record CheckRequest(
        String mailbox,
        @Nullable Mark mark,
        long searchFrom,
        boolean exhaustive,
        @Nullable Instant lastCheckedAt) {}
