package dev.mailbell.detection;

import dev.mailbell.detection.messages.KnownMessages;
import org.jspecify.annotations.Nullable;

/**
 * The mark of a POP3 maildrop (RFC 1939). An unchanged summary proves that there is nothing new
 * without a listing; the messages themselves are stored as {@link KnownMessages}.
 *
 * @param total messages in the maildrop, 0 or more
 * @param octets the maildrop's size as STAT gives it; 0 also where that size proves nothing
 * @param firstUid the UID of message 1; null when empty or when the server has no UIDL; a prefix
 *     that names the basis, see {@link #ofHeaders} and {@link #ofSizes}, where the UIDs are not
 *     stable
 * @param topUid the UID of message {@code total}; null when empty. Where the messages are not
 *     identified by UIDs: its Message-ID, or null
 * @param approximate whether messages are identified by headers or sizes, because the server has no
 *     UIDL or unstable UIDs
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

    /** What the messages of a maildrop are identified by. */
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
     * The mark of a maildrop whose messages are identified by headers, because its UIDs are not
     * stable.
     *
     * @param first the header identity of message 1; empty for none
     * @param top the header identity of message {@code total}; null for none
     */
    public static Pop3Mark ofHeaders(int total, long octets, String first, @Nullable String top) {
        return new Pop3Mark(total, octets, HEADERS + first, top, true);
    }

    /**
     * The mark of a maildrop whose messages are identified by sizes, because its UIDs are not
     * stable.
     *
     * @param top the Message-ID of message {@code total}; null for none
     */
    public static Pop3Mark ofSizes(int total, long octets, @Nullable String top) {
        return new Pop3Mark(total, octets, SIZES, top, true);
    }

    /** What the messages are identified by. */
    public Basis basis() {
        if (!approximate) {
            return Basis.UIDS;
        }
        return firstUid != null && firstUid.startsWith(HEADERS) ? Basis.HEADERS : Basis.SIZES;
    }

    /** Whether the messages are identified by sizes because the server has no UIDL. */
    public boolean lacksUidl() {
        return approximate && firstUid == null;
    }

    /** The identity of message 1 where the basis is {@link Basis#HEADERS}. */
    public String firstHeader() {
        return firstUid == null ? "" : firstUid.substring(HEADERS.length());
    }

    /**
     * A copy of this mark whose summary proves nothing, so that the next check lists the maildrop.
     */
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
