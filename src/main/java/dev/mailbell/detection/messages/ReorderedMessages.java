package dev.mailbell.detection.messages;

import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.Arrays;
import java.util.List;

/** The entries of {@link KnownMessages} brought into the order of a listing. */
final class ReorderedMessages {
    private ReorderedMessages() {}

    /**
     * What is known after a listing whose order is another: the listing's order, each gone entry
     * behind the one that it followed.
     */
    static Difference of(KnownMessages before, MessageListing listing) {
        MessageLog old = new MessageLog(before);
        long[] keys = new long[old.entries.length];
        for (int place = 0; place < keys.length; place++) {
            keys[place] = MessageLog.key(old.entries[place]);
        }
        int[] placeOf = matchAnywhere(old, keys, listing);
        int[] newPlace = new int[old.entries.length];
        Arrays.fill(newPlace, -1);
        int[] fresh = new int[listing.size()];
        int freshCount = 0;
        int survivors = 0;
        for (int i = 0; i < listing.size(); i++) {
            if (placeOf[i] < 0) {
                fresh[freshCount++] = i;
            } else {
                newPlace[placeOf[i]] = i;
                survivors += old.isGone(placeOf[i]) ? 0 : 1;
            }
        }
        MessageLog next = weave(old, listing, placeOf, newPlace, old.entries.length + freshCount);
        int gone = next.length() - listing.size();
        next.forget(GoneLimit.surplus(listing.size(), gone, freshCount, before.live() - survivors));
        return new Difference(
                next.compact().chunked(List.of()),
                Arrays.copyOf(fresh, freshCount),
                survivors,
                listing.size());
    }

    /**
     * For each message of the listing the entry it is, live ones first; -1 for those never seen.
     */
    private static int[] matchAnywhere(MessageLog old, long[] keys, MessageListing listing) {
        long[] liveKeys = keys.clone();
        long[] goneKeys = keys.clone();
        for (int place = 0; place < keys.length; place++) {
            if (old.isGone(place)) {
                liveKeys[place] = -1;
            } else {
                goneKeys[place] = -1;
            }
        }
        LongIndex live = new LongIndex(liveKeys);
        LongIndex gone = new LongIndex(goneKeys);
        int[] placeOf = new int[listing.size()];
        for (int i = 0; i < placeOf.length; i++) {
            int place = live.take(listing.keys()[i]);
            placeOf[i] = place >= 0 ? place : gone.take(listing.keys()[i]);
        }
        return placeOf;
    }

    private static MessageLog weave(
            MessageLog old, MessageListing listing, int[] placeOf, int[] newPlace, int length) {
        // Gone entries hang on the surviving entry before them; those before the first survivor
        // come first.
        int[] headOf = new int[listing.size() + 1];
        int[] nextOf = new int[old.entries.length];
        Arrays.fill(headOf, -1);
        int anchor = 0;
        int[] tailOf = headOf.clone();
        for (int place = 0; place < old.entries.length; place++) {
            if (newPlace[place] >= 0) {
                anchor = newPlace[place] + 1;
                continue;
            }
            nextOf[place] = -1;
            if (headOf[anchor] < 0) {
                headOf[anchor] = place;
            } else {
                nextOf[tailOf[anchor]] = place;
            }
            tailOf[anchor] = place;
        }
        MessageLog woven = new MessageLog(new long[length], new int[length]);
        int at = 0;
        for (int slot = 0; slot <= listing.size(); slot++) {
            if (slot > 0) {
                int i = slot - 1;
                int place = placeOf[i];
                int size = listing.sizes()[i];
                long flags = place < 0 ? 0 : old.entries[place] & KnownMessages.FETCHED;
                woven.entries[at] = listing.keys()[i] << 2 | flags;
                woven.sizes[at++] = place < 0 ? size : MessageLog.known(size, old.sizes[place]);
            }
            for (int place = headOf[slot]; place >= 0; place = nextOf[place]) {
                woven.entries[at] = old.entries[place] | KnownMessages.GONE;
                woven.sizes[at++] = old.sizes[place];
            }
        }
        return woven;
    }
}
