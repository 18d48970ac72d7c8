package dev.mailbell.mark;

import org.jspecify.annotations.Nullable;

/**
 * What a POP3 maildrop looked like (RFC 1939). It is the summary that proves "nothing new" without
 * a listing; the messages themselves are {@link KnownMessages}.
 *
 * @param total messages in the maildrop, 0 or more
 * @param octets the maildrop's size as STAT gives it, 0 or more
 * @param firstUid the UID of message 1; null when empty or when the server has no UIDL
 * @param topUid the UID of message {@code total}; null when empty; its Message-ID, or null, when
 *     the server has no UIDL
 * @param approximate the server has no UIDL, so counts rest on numbers and sizes
 */
public record Pop3Mark(
        int total,
        long octets,
        @Nullable String firstUid,
        @Nullable String topUid,
        boolean approximate)
        implements Mark {
    public Pop3Mark {
        if (total < 0 || octets < 0) {
            throw new IllegalArgumentException(
                    "not a maildrop: " + total + " messages, " + octets + " octets");
        }
    }

    @Override
    public @Nullable String topUidText() {
        return topUid;
    }
}
