package dev.mailbell.mail.imap;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.mailbell.mail.Envelope;
import dev.mailbell.mail.imap.protocol.ParenthesizedData;
import dev.mailbell.mail.text.HeaderText;
import dev.mailbell.mail.text.ServerText;
import jakarta.mail.internet.InternetAddress;
import java.io.UnsupportedEncodingException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Fetches and decodes envelopes (RFC 9051, section 7.5.2); tolerates malformed ones. */
final class ImapEnvelopes {
    private static final int MESSAGES_LIMIT = 20;
    private static final int TEXT_LIMIT = 998;
    private static final int ADDRESSES_LIMIT = 10;

    private ImapEnvelopes() {}

    static List<Envelope> fetch(MailboxCommands mailboxes, List<Long> uids) {
        if (uids.size() > MESSAGES_LIMIT) {
            throw new IllegalArgumentException(
                    "envelopes of at most " + MESSAGES_LIMIT + " messages, not " + uids.size());
        }
        Map<Long, Envelope> fetched = new HashMap<>();
        if (!fetch(mailboxes, uids, fetched) && uids.size() > 1) {
            // Servers refuse all of them for one that they cannot read.
            uids.stream()
                    .filter(uid -> !fetched.containsKey(uid))
                    .forEach(uid -> fetch(mailboxes, List.of(uid), fetched));
        }
        return uids.stream().map(fetched::get).filter(Objects::nonNull).toList();
    }

    @CanIgnoreReturnValue
    private static boolean fetch(
            MailboxCommands mailboxes, List<Long> uids, Map<Long, Envelope> fetched) {
        String set = uids.stream().map(String::valueOf).collect(Collectors.joining(","));
        return mailboxes.fetch(
                set,
                "(UID ENVELOPE)",
                message -> {
                    // 163 has been seen to return messages that were not requested.
                    long uid = message.number("UID");
                    if (uids.contains(uid)
                            && message.value("ENVELOPE")
                                    instanceof ParenthesizedData.Group envelope) {
                        fetched.put(uid, decoded(uid, envelope));
                    }
                });
    }

    private static Envelope decoded(long uid, ParenthesizedData.Group envelope) {
        return new Envelope(
                Long.toString(uid),
                envelope.items().size() > 2 ? from(envelope.items().get(2)) : null,
                text(envelope.text(1)),
                date(envelope.text(0)));
    }

    private static @Nullable String from(@Nullable Object addresses) {
        if (!(addresses instanceof ParenthesizedData.Group group)) {
            return null;
        }
        String joined =
                group.items().stream()
                        .filter(ParenthesizedData.Group.class::isInstance)
                        .map(address -> address((ParenthesizedData.Group) address))
                        .filter(Objects::nonNull)
                        .limit(ADDRESSES_LIMIT)
                        .collect(Collectors.joining(", "));
        return joined.isEmpty() ? null : ServerText.oneLine(joined, TEXT_LIMIT);
    }

    /** {@code (name route mailbox host)}; without a host it marks a group's begin or end. */
    private static @Nullable String address(ParenthesizedData.Group address) {
        String name = text(address.text(0));
        String mailbox = text(address.text(2));
        String host = text(address.text(3));
        if (mailbox == null || host == null) {
            return mailbox;
        }
        try {
            return new InternetAddress(mailbox + "@" + host, name, "UTF-8").toUnicodeString();
        } catch (UnsupportedEncodingException e) {
            throw new IllegalStateException("a JVM without UTF-8", e);
        }
    }

    private static @Nullable String text(@Nullable String latin1) {
        return latin1 == null ? null : HeaderText.decoded(latin1).orElse(null);
    }

    private static @Nullable Instant date(@Nullable String value) {
        return value == null ? null : HeaderText.date(value).orElse(null);
    }
}
