package dev.mailbell.detection;

import dev.mailbell.detection.messages.KnownMessages;
import org.jspecify.annotations.Nullable;

/**
 * What a POP3 maildrop looked like (RFC 1939). It is the summary that proves "nothing new" without
 * a listing; the messages themselves are {@link KnownMessages}.
 *
 * @param total messages in the maildrop, 0 or more
 * @param octets the maildrop's size as STAT gives it; 0 also where that is no proof of anything
 * @param firstUid the UID of message 1; null when empty or when the server has no UIDL; a word for
 *     the basis, see {@link #ofHeaders} and {@link #ofSizes}, where its UIDs are no identity
 * @param topUid the UID of message {@code total}; null when empty; where UIDs do not count its
 *     Message-ID, or null
 * @param approximate the server has no UIDL, or UIDs that are no identity, so counts rest on
 *     headers or sizes
 */
public record Pop3Mark(
        int total,
        long octets,
        @Nullable String firstUid,
        @Nullable String topUid,
        boolean approximate)
        implements Mark {
    private static final String HEADERS = "headers:";
    private static final String SIZES = "sizes:";

    /** What the messages of a maildrop are known by. */
    public enum Basis {
        UIDS,
        HEADERS,
        SIZES
    }

    public Pop3Mark {
        if (total < 0 || octets < 0) {
            throw new IllegalArgumentException(
                    "not a maildrop: " + total + " messages, " + octets + " octets");
        }
    }

    /**
     * The mark of a maildrop whose UIDs are no identity and whose messages are known by headers.
     *
     * @param first the identity of message 1; empty for none
     * @param top the identity of message {@code total}; null for none
     */
    public static Pop3Mark ofHeaders(int total, long octets, String first, @Nullable String top) {
        return new Pop3Mark(total, octets, HEADERS + first, top, true);
    }

    /**
     * The mark of a maildrop whose UIDs are no identity and whose messages are known by sizes.
     *
     * @param top the Message-ID of message {@code total}; null for none
     */
    public static Pop3Mark ofSizes(int total, long octets, @Nullable String top) {
        return new Pop3Mark(total, octets, SIZES, top, true);
    }

    /** What the messages are known by. */
    public Basis basis() {
        if (!approximate) {
            return Basis.UIDS;
        }
        return firstUid != null && firstUid.startsWith(HEADERS) ? Basis.HEADERS : Basis.SIZES;
    }

    /** Whether the messages are known by sizes because the server has no UIDL. */
    public boolean lacksUidl() {
        return approximate && firstUid == null;
    }

    /** Where headers are the basis, the identity of message 1. */
    public String firstHeader() {
        return firstUid == null ? "" : firstUid.substring(HEADERS.length());
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
