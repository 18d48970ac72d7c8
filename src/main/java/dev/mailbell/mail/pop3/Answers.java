package dev.mailbell.mail.pop3;

import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.Listings.Sizes;
import dev.mailbell.mail.pop3.Listings.Uids;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a server answered to STAT, UIDL and LIST, held against each other.
 *
 * @param drop null when STAT was malformed
 * @param uids null when the server has no UIDL
 * @param sizes null when they were not asked for, or refused
 */
record Answers(@Nullable Drop drop, @Nullable Uids uids, @Nullable Sizes sizes) {

    /** Whether nothing contradicts anything. */
    boolean agree() {
        return uids == null
                ? areSizesSound()
                : isProvedByStat() && (sizes == null || isProvedByList());
    }

    /** Whether UIDL is sound and STAT counts as many messages. */
    boolean isProvedByStat() {
        return uids != null && uids.fault() == null && isStatRight();
    }

    /** Whether UIDL is sound and LIST has the same messages. */
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

    /** Whether LIST is sound and STAT counts as many messages. */
    boolean areSizesSound() {
        return sizes != null
                && sizes.fault() == null
                && drop != null
                && drop.total() == sizes.column().size();
    }

    long octets() {
        return drop == null ? 0 : drop.octets();
    }

    Uids provenUids() {
        return Objects.requireNonNull(uids);
    }

    Column provenSizes() {
        return Objects.requireNonNull(sizes).column();
    }

    /** What is wrong, as in {@code the server contradicts itself}. */
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
