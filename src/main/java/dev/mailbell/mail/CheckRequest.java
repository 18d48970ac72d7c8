package dev.mailbell.mail;

import dev.mailbell.detection.Mark;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a look must find out about one mailbox.
 *
 * @param mailbox the mailbox's name in Unicode; POP3 knows only {@code INBOX}
 * @param mark what the look before saw; null asks for a baseline
 * @param searchFrom IMAP: the lowest UID to report, at most the mark's UIDNEXT; lower when a client
 *     lags behind the mark
 * @param exhaustive no shortcut may end the look early: IMAP searches from {@code searchFrom}, POP3
 *     lists everything
 * @param lastLook when the look before was, to date arrivals after a changed UIDVALIDITY; null for
 *     none
 */
public record CheckRequest(
        String mailbox,
        @Nullable Mark mark,
        long searchFrom,
        boolean exhaustive,
        @Nullable Instant lastLook) {}
