package dev.mailbell.mail.imap;

import dev.mailbell.detection.messages.UidKey;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Messages of the selected mailbox with the keys by which they are known: Message-ID and Date, or
 * Date, INTERNALDATE and size of a message without a Message-ID.
 */
final class IdentifiedMessages {
    /**
     * A message is always larger than this; a server that gives such a size has invented it, and
     * the date too.
     */
    private static final long NO_SIZE = 2;

    private static final String ITEMS =
            "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)])";

    private final MailboxCommands mailboxes;
    private final UidKey keys;

    IdentifiedMessages(MailboxCommands mailboxes, UidKey keys) {
        this.mailboxes = mailboxes;
        this.keys = keys;
    }

    /**
     * A message.
     *
     * @param arrived its INTERNALDATE; null if the server does not give it
     */
    record Message(long number, long uid, long key, @Nullable Instant arrived) {}

    /**
     * What the server shows.
     *
     * @param messages in their order
     * @param unreadable how many messages have no headers
     */
    record Listing(List<Message> messages, int unreadable) {
        static final Listing EMPTY = new Listing(List.of(), 0);
    }

    /** The messages, without those that the server does not show. */
    Listing fetch(String numbers) {
        List<Message> messages = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        Set<Long> unreadable = new HashSet<>();
        mailboxes.fetchByNumber(
                numbers,
                ITEMS,
                (number, attributes) -> {
                    // One that cannot be read may be NIL, for a while: with another key it would be
                    // new.
                    if (!(attributes.value("]") instanceof ParenthesizedData.Text header)) {
                        if (!date(attributes).isEmpty()) {
                            unreadable.add(number);
                        }
                    } else if (seen.add(number)) {
                        messages.add(message(number, attributes, header.value()));
                    }
                });
        messages.sort((a, b) -> Long.compare(a.number(), b.number()));
        unreadable.removeAll(seen);
        return new Listing(messages, unreadable.size());
    }

    private static String date(ParenthesizedData.Group attributes) {
        return attributes.value("INTERNALDATE") instanceof ParenthesizedData.Text text
                ? text.value()
                : "";
    }

    private Message message(long number, ParenthesizedData.Group attributes, String header) {
        String date = date(attributes);
        String words = header.replaceAll("\\s+", " ").strip();
        boolean hasMessageId = words.toLowerCase(Locale.ROOT).contains("message-id:");
        long size = attributes.number("RFC822.SIZE");
        byte[] identity =
                (hasMessageId || size <= NO_SIZE ? words : words + '\n' + date + '\n' + size)
                        .getBytes(StandardCharsets.ISO_8859_1);
        return new Message(
                number,
                Math.max(0, attributes.number("UID")),
                keys.of(identity, 0, identity.length),
                Arrivals.parsed(date).orElse(null));
    }
}
