package dev.mailbell.mark;

import org.jspecify.annotations.Nullable;

/**
 * What a POP3 maildrop looked like (RFC 1939). It is the summary that proves "nothing new" without
 * a listing; the messages themselves are {@link KnownMessages}.
 *
 * @param total messages in the maildrop, 0 or more
 * @param octets the maildrop's size as STAT gives it; 0 also where that is no proof of anything
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

    /** The same mark for a maildrop that the next look has to list, whatever its summary says. */
    public Pop3Mark unproven() {
        return new Pop3Mark(total, 0, firstUid, topUid, approximate);
    }

    /** Whether a summary that matches this mark proves that nothing changed. */
    public boolean provesNothingNew() {
        return total == 0 || octets > 0;
    }

    @Override
    public @Nullable String topUidText() {
        return topUid;
    }
}
