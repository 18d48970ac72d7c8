package dev.mailbell.mail.imap;

import dev.mailbell.detection.UidSet;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Counts messages by INTERNALDATE, where UIDs cannot be compared. */
final class Arrivals {
    /** The maximum number of messages whose date is fetched, the newest ones. */
    static final int LIMIT = 10_000;

    /** Servers refuse command lines of 8,192 octets and more (RFC 7162, section 4). */
    private static final int SET_LENGTH = 4_000;

    /**
     * Where the server refuses them together, the dates of so many messages are asked one by one.
     */
    private static final int SINGLY = 100;

    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("d-MMM-yyyy", Locale.ROOT);
    private static final DateTimeFormatter INTERNAL_DATE =
            new DateTimeFormatterBuilder()
                    .parseCaseInsensitive()
                    .appendPattern("d-MMM-yyyy HH:mm:ss Z")
                    .toFormatter(Locale.ROOT);

    private final MailboxCommands mailboxes;

    Arrivals(MailboxCommands mailboxes) {
        this.mailboxes = mailboxes;
    }

    /**
     * How many messages of the selected mailbox have an INTERNALDATE of this moment or later, at
     * most {@link #LIMIT}.
     *
     * @param total messages in the mailbox
     */
    int since(Instant moment, int total) {
        // SEARCH compares days only, in the time zone of each message.
        LocalDate day = moment.atOffset(ZoneOffset.UTC).toLocalDate().minusDays(1);
        Optional<UidSet> candidates = mailboxes.uids().search("SINCE " + DAY.format(day));
        if (total == 0 || candidates.isEmpty()) {
            return total == 0 ? 0 : byNumber(moment, total);
        }
        UidSet newest = UidSet.of(candidates.get().newest(LIMIT));
        Instant second = moment.truncatedTo(ChronoUnit.SECONDS);
        Set<Long> arrived = new HashSet<>();
        Set<Long> given = new HashSet<>();
        boolean refused = false;
        String left = newest.toString();
        while (!left.isEmpty()) {
            int end =
                    left.length() <= SET_LENGTH ? left.length() : left.lastIndexOf(',', SET_LENGTH);
            refused |=
                    !mailboxes.fetch(
                            left.substring(0, end),
                            "(UID INTERNALDATE)",
                            message -> {
                                given.add(message.number("UID"));
                                if (message.value("INTERNALDATE")
                                                instanceof ParenthesizedData.Text date
                                        && !isBefore(date.value(), second)
                                        && arrived.size() < LIMIT) {
                                    arrived.add(message.number("UID"));
                                }
                            });
            left = left.substring(Math.min(left.length(), end + 1));
        }
        if (refused) {
            // Servers refuse all of them for one that they cannot read.
            for (long uid : newest.newest(SINGLY)) {
                if (!given.contains(uid)
                        && of(uid).filter(date -> !date.isBefore(second)).isPresent()) {
                    arrived.add(uid);
                }
            }
        }
        return arrived.size();
    }

    /** The same for the last messages, where the server refuses to search. */
    private int byNumber(Instant moment, int total) {
        Instant second = moment.truncatedTo(ChronoUnit.SECONDS);
        Set<Long> arrived = new HashSet<>();
        mailboxes.fetchByNumber(
                Math.max(1, total - LIMIT + 1) + ":*",
                "(INTERNALDATE)",
                (number, message) -> {
                    if (message.value("INTERNALDATE") instanceof ParenthesizedData.Text date
                            && !isBefore(date.value(), second)
                            && arrived.size() < LIMIT) {
                        arrived.add(number);
                    }
                });
        return arrived.size();
    }

    /**
     * When a message of the selected mailbox arrived, in whole seconds; empty if the server does
     * not give it.
     */
    Optional<Instant> of(long uid) {
        List<Instant> dates = new ArrayList<>();
        mailboxes.fetch(
                Long.toString(uid),
                "(UID INTERNALDATE)",
                message -> {
                    if (message.number("UID") == uid
                            && message.value("INTERNALDATE") instanceof ParenthesizedData.Text date
                            && dates.isEmpty()) {
                        parsed(date.value()).ifPresent(dates::add);
                    }
                });
        return dates.stream().findFirst();
    }

    /** An unreadable date counts as earlier. */
    private static boolean isBefore(String internalDate, Instant moment) {
        return parsed(internalDate).map(date -> date.isBefore(moment)).orElse(true);
    }

    static Optional<Instant> parsed(String internalDate) {
        try {
            return Optional.of(
                    OffsetDateTime.parse(internalDate.strip(), INTERNAL_DATE).toInstant());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
