package dev.mailbell.detection.messages;

import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.Arrays;
import java.util.List;

/** Brings {@link KnownMessages} into the order of a listing. */
final class ReorderedMessages {
    private ReorderedMessages() {}

    /**
     * Applies a listing in another order. The entries get the order of the listing; each gone entry
     * stays after the one that it followed.
     */
    static Difference of(KnownMessages before, MessageListing listing) {
        MessageLog old = new MessageLog(before);
        long[] keys = new long[old.entries.length];
        for (int index = 0; index < keys.length; index++) {
            keys[index] = MessageLog.key(old.entries[index]);
        }
        int[] oldIndexOf = matchAnywhere(old, keys, listing);
        int[] newIndexOf = new int[old.entries.length];
        Arrays.fill(newIndexOf, -1);
        int[] fresh = new int[listing.size()];
        int freshCount = 0;
        int survivors = 0;
        for (int i = 0; i < listing.size(); i++) {
            if (oldIndexOf[i] < 0) {
                fresh[freshCount++] = i;
            } else {
                newIndexOf[oldIndexOf[i]] = i;
                survivors += old.isGone(oldIndexOf[i]) ? 0 : 1;
            }
        }
        MessageLog next =
                weave(old, listing, oldIndexOf, newIndexOf, old.entries.length + freshCount);
        int gone = next.length() - listing.size();
        next.forget(GoneLimit.surplus(listing.size(), gone, freshCount, before.live() - survivors));
        return new Difference(
                next.compact().chunked(List.of()),
                Arrays.copyOf(fresh, freshCount),
                survivors,
                listing.size());
    }

    /**
     * For each message of the listing the index of its entry, preferably a live one; -1 if it is
     * not known.
     */
    private static int[] matchAnywhere(MessageLog old, long[] keys, MessageListing listing) {
        long[] liveKeys = keys.clone();
        long[] goneKeys = keys.clone();
        for (int index = 0; index < keys.length; index++) {
            if (old.isGone(index)) {
                liveKeys[index] = -1;
            } else {
                goneKeys[index] = -1;
            }
        }
        LongIndex live = new LongIndex(liveKeys);
        LongIndex gone = new LongIndex(goneKeys);
        int[] oldIndexOf = new int[listing.size()];
        for (int i = 0; i < oldIndexOf.length; i++) {
            int index = live.take(listing.keys()[i]);
            oldIndexOf[i] = index >= 0 ? index : gone.take(listing.keys()[i]);
        }
        return oldIndexOf;
    }

    private static MessageLog weave(
            MessageLog old,
            MessageListing listing,
            int[] oldIndexOf,
            int[] newIndexOf,
            int length) {
        // A gone entry follows the surviving entry before it; those before the first survivor come
        // first.
        int[] headOf = new int[listing.size() + 1];
        int[] nextOf = new int[old.entries.length];
        Arrays.fill(headOf, -1);
        int anchor = 0;
        int[] tailOf = headOf.clone();
        for (int index = 0; index < old.entries.length; index++) {
            if (newIndexOf[index] >= 0) {
                anchor = newIndexOf[index] + 1;
                continue;
            }
            nextOf[index] = -1;
            if (headOf[anchor] < 0) {
                headOf[anchor] = index;
            } else {
                nextOf[tailOf[anchor]] = index;
            }
            tailOf[anchor] = index;
        }
        MessageLog woven = new MessageLog(new long[length], new int[length]);
        int at = 0;
        for (int slot = 0; slot <= listing.size(); slot++) {
            if (slot > 0) {
                int i = slot - 1;
                int index = oldIndexOf[i];
                int size = listing.sizes()[i];
                long flags = index < 0 ? 0 : old.entries[index] & KnownMessages.FETCHED;
                woven.entries[at] = listing.keys()[i] << 2 | flags;
                woven.sizes[at++] = index < 0 ? size : MessageLog.known(size, old.sizes[index]);
            }
            for (int index = headOf[slot]; index >= 0; index = nextOf[index]) {
                woven.entries[at] = old.entries[index] | KnownMessages.GONE;
                woven.sizes[at++] = old.sizes[index];
            }
        }
        return woven;
    }
}
