package dev.mailbell.mail.pop3;

import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.Listings.Sizes;
import dev.mailbell.mail.pop3.Listings.Uids;
import dev.mailbell.mail.pop3.protocol.NumberColumn;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A server's answers to STAT, UIDL and LIST, compared with each other.
 *
 * @param drop null if STAT was malformed
 * @param uids null if the server has no UIDL
 * @param sizes null if they were not requested, or refused
 */
record MaildropAnswers(@Nullable Drop drop, @Nullable Uids uids, @Nullable Sizes sizes) {

    /** Whether the answers agree. */
    boolean agree() {
        return uids == null
                ? areSizesSound()
                : isProvedByStat() && (sizes == null || isProvedByList());
    }

    /** Whether UIDL is valid and STAT counts as many messages. */
    boolean isProvedByStat() {
        return uids != null && uids.fault() == null && isStatRight();
    }

    /** Whether UIDL is valid and LIST has the same messages. */
    boolean isProvedByList() {
        return uids != null
                && uids.fault() == null
                && sizes != null
                && sizes.fault() == null
                && sizes.column().sameNumbers(uids.keys());
    }

    boolean isStatRight() {
        return drop != null && uids != null && drop.total() == uids.keys().size();
    }

    /** Whether LIST is valid and STAT counts as many messages. */
    boolean areSizesSound() {
        return sizes != null
                && sizes.fault() == null
                && drop != null
                && drop.total() == sizes.column().size();
    }

    /** Whether messages have no UID, while the answers agree. */
    boolean hasBlankUids() {
        return uids != null
                && uids.blank()
                && areSizesSound()
                && provenSizes().sameNumbers(uids.keys());
    }

    /**
     * Whether, in most of the maildrop, messages of different sizes share a UID, so that they are
     * not copies of one message.
     */
    boolean hasSharedUids() {
        if (uids == null || sizes == null || !isProvedByList()) {
            return false;
        }
        if (!areUidsFew()) {
            return false;
        }
        Map<Long, Long> sizeOf = new HashMap<>();
        long[] keys = uids.keys().values();
        long[] octets = sizes.column().values();
        boolean different = false;
        for (int i = 0; i < keys.length; i++) {
            Long before = sizeOf.putIfAbsent(keys[i], octets[i]);
            different |= before != null && before != octets[i];
        }
        return different;
    }

    /** Whether there are at most half as many UIDs as messages. */
    boolean areUidsFew() {
        if (uids == null || uids.fault() != null || uids.keys().size() < 2) {
            return false;
        }
        long[] keys = uids.keys().values();
        return Arrays.stream(keys).distinct().limit(keys.length / 2 + 1L).count() * 2
                <= keys.length;
    }

    /** Whether UIDL has more messages than LIST, which has none that UIDL lacks. */
    boolean areUidsMore() {
        return uids != null
                && uids.fault() == null
                && sizes != null
                && sizes.fault() == null
                && uids.keys().size() > sizes.column().size()
                && sizes.column().startsAs(uids.keys());
    }

    /** Whether the answer to UIDL equals the one before. */
    boolean areUidsThoseOf(MaildropAnswers before) {
        return uids != null
                && before.uids != null
                && uids.fault() == null
                && uids.keys().isSameAs(before.uids.keys());
    }

    /** Whether the answer to LIST equals the one before. */
    boolean areSizesThoseOf(MaildropAnswers before) {
        return sizes != null
                && before.sizes != null
                && sizes.fault() == null
                && sizes.column().isSameAs(before.sizes.column());
    }

    long octets() {
        return drop == null ? 0 : drop.octets();
    }

    Uids provenUids() {
        return Objects.requireNonNull(uids);
    }

    NumberColumn provenSizes() {
        return Objects.requireNonNull(sizes).column();
    }

    /** What is wrong, a phrase that follows "the server". */
    String contradiction() {
        if (uids != null && uids.fault() != null) {
            return uids.fault();
        }
        if (sizes != null && sizes.fault() != null) {
            return sizes.fault();
        }
        return drop == null
                ? "answered STAT without a number of messages and octets"
                : "contradicts itself: STAT counts %d messages, UIDL %s, LIST %s"
                        .formatted(
                                drop.total(),
                                uids == null ? "none" : uids.keys().size(),
                                sizes == null ? "was not asked" : sizes.column().size());
    }
}
