package dev.mailbell.detection.messages;

import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.Arrays;
import java.util.List;

/**
 * Replaces the keys of {@link KnownMessages} by keys of another kind, for example UIDs by headers.
 * The sizes, which do not depend on the kind, identify the known messages.
 */
public final class RekeyedMessages {
    private static final long UNSIGNED = 0xffff_ffffL;

    private RekeyedMessages() {}

    /** Applies a listing with keys of another kind. */
    public static Difference of(KnownMessages before, MessageListing listing) {
        MessageLog old = new MessageLog(before.withoutGone());
        boolean sized = Arrays.stream(old.sizes).noneMatch(size -> size == MessageListing.UNKNOWN);
        for (int index = 0; index < old.length(); index++) {
            old.entries[index] =
                    (old.sizes[index] & UNSIGNED) << 2 | old.entries[index] & KnownMessages.FETCHED;
        }
        long[] sizes = Arrays.stream(listing.sizes()).mapToLong(size -> size & UNSIGNED).toArray();
        Difference bySize =
                old.chunked(List.of())
                        .listed(new MessageListing(listing.numbers(), sizes, listing.sizes()));
        MessageLog next = new MessageLog(bySize.next().withoutGone());
        // The present entries are in the order of the listing.
        for (int i = 0; i < listing.size(); i++) {
            next.entries[i] = listing.keys()[i] << 2 | next.entries[i] & KnownMessages.FETCHED;
        }
        int[] fresh = bySize.fresh();
        int growth = Math.max(0, listing.size() - before.live());
        if (!sized && fresh.length > growth) {
            fresh = Arrays.copyOfRange(fresh, fresh.length - growth, fresh.length);
        }
        return new Difference(
                next.chunked(List.of()), fresh, listing.size() - fresh.length, listing.size());
    }
}
