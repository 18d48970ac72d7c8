package dev.mailbell.mark;

import dev.mailbell.mark.KnownMessages.Chunk;
import dev.mailbell.mark.KnownMessages.Difference;
import dev.mailbell.mark.Pop3Observation.Listing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The entries of {@link KnownMessages} laid out in one array, to be changed before they are cut
 * into chunks again.
 */
final class Flat {
    private static final long FLAGS = KnownMessages.GONE | KnownMessages.FETCHED;

    private final long[] entries;
    private final int[] sizes;

    private Flat(long[] entries, int[] sizes) {
        this.entries = entries;
        this.sizes = sizes;
    }

    Flat(KnownMessages known) {
        int length = known.chunks().stream().mapToInt(chunk -> chunk.entries().length).sum();
        entries = new long[length];
        sizes = new int[length];
        int at = 0;
        for (Chunk chunk : known.chunks()) {
            System.arraycopy(chunk.entries(), 0, entries, at, chunk.entries().length);
            System.arraycopy(chunk.sizes(), 0, sizes, at, chunk.sizes().length);
            at += chunk.entries().length;
        }
    }

    int length() {
        return entries.length;
    }

    private static long key(long entry) {
        return entry >>> 2;
    }

    private boolean isGone(int place) {
        return (entries[place] & KnownMessages.GONE) != 0;
    }

    int lastIndexOf(long key) {
        for (int place = entries.length - 1; place >= 0; place--) {
            if (key(entries[place]) == key) {
                return place;
            }
        }
        return -1;
    }

    int liveBefore(int end) {
        int count = 0;
        for (int place = 0; place < end; place++) {
            count += isGone(place) ? 0 : 1;
        }
        return count;
    }

    /**
     * Says of the entries before {@code end} that the client has them, and with {@code rewind} that
     * it lacks the rest.
     */
    void fetch(int end, boolean rewind) {
        for (int place = 0; place < end; place++) {
            entries[place] |= KnownMessages.FETCHED;
        }
        for (int place = end; rewind && place < entries.length; place++) {
            entries[place] &= ~KnownMessages.FETCHED;
        }
    }

    /**
     * Walks entries and listing side by side, flagging entries that are no longer listed as gone
     * and gone ones that are listed as there. That is right as long as what survived kept its
     * order.
     *
     * @return how many messages of the listing, from its start, were met; -1 when the walk was not
     *     right
     */
    int matchInOrder(Listing listing) {
        int matched = 0;
        for (int place = 0; place < entries.length; place++) {
            if (matched < listing.size() && key(entries[place]) == listing.keys()[matched]) {
                entries[place] &= ~KnownMessages.GONE;
                matched++;
            } else {
                entries[place] |= KnownMessages.GONE;
            }
        }
        LongIndex gone = goneIndex();
        for (int i = matched; i < listing.size(); i++) {
            if (gone.take(listing.keys()[i]) >= 0) {
                return -1;
            }
        }
        return matched;
    }

    private LongIndex goneIndex() {
        long[] keys = new long[entries.length];
        for (int place = 0; place < entries.length; place++) {
            keys[place] = isGone(place) ? key(entries[place]) : -1;
        }
        return new LongIndex(keys);
    }

    /**
     * Adds the messages of the listing from {@code from} on behind all entries; one that was gone
     * has come back.
     */
    Difference append(KnownMessages before, Listing listing, int from) {
        int survivors = liveBefore(entries.length);
        LongIndex gone = goneIndex();
        int added = listing.size() - from;
        long[] moreEntries = Arrays.copyOf(entries, entries.length + added);
        int[] moreSizes = Arrays.copyOf(sizes, entries.length + added);
        int[] fresh = new int[added];
        int freshCount = 0;
        boolean cameBack = false;
        for (int i = from; i < listing.size(); i++) {
            int place = gone.take(listing.keys()[i]);
            long flags = 0;
            if (place >= 0) {
                flags = entries[place] & KnownMessages.FETCHED;
                moreEntries[place] = -1;
                cameBack = true;
            } else {
                fresh[freshCount++] = i;
            }
            moreEntries[entries.length + i - from] = listing.keys()[i] << 2 | flags;
            moreSizes[entries.length + i - from] = listing.sizes()[i];
        }
        Flat grown = new Flat(moreEntries, moreSizes);
        int limit = Math.max(KnownMessages.GONE_KEPT, listing.size());
        int goneCount = entries.length - survivors;
        // Purged in strides, so that the chunks at the front are not written again at every look.
        boolean purge = goneCount > limit + limit / 4;
        KnownMessages next =
                purge || cameBack
                        ? grown.purged(purge ? goneCount - limit : 0).chunked(before.chunks())
                        : grown.chunked(before.chunks());
        return new Difference(next, Arrays.copyOf(fresh, freshCount), survivors);
    }

    /**
     * What is known after a listing whose order is another: the listing's order, gone entries
     * behind who they followed.
     */
    static Difference reordered(KnownMessages before, Listing listing) {
        Flat old = new Flat(before);
        long[] keys = new long[old.entries.length];
        for (int place = 0; place < keys.length; place++) {
            keys[place] = key(old.entries[place]);
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
        Flat next = weave(old, listing, placeOf, newPlace, old.entries.length + freshCount);
        int gone = next.length() - listing.size();
        int limit = Math.max(KnownMessages.GONE_KEPT, listing.size());
        return new Difference(
                next.purged(Math.max(0, gone - limit)).chunked(List.of()),
                Arrays.copyOf(fresh, freshCount),
                survivors);
    }

    /**
     * For each message of the listing the entry it is, live ones first; -1 for those never seen.
     */
    private static int[] matchAnywhere(Flat old, long[] keys, Listing listing) {
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

    private static Flat weave(
            Flat old, Listing listing, int[] placeOf, int[] newPlace, int length) {
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
        Flat woven = new Flat(new long[length], new int[length]);
        int at = 0;
        for (int slot = 0; slot <= listing.size(); slot++) {
            if (slot > 0) {
                int i = slot - 1;
                long flags = placeOf[i] < 0 ? 0 : old.entries[placeOf[i]] & KnownMessages.FETCHED;
                woven.entries[at] = listing.keys()[i] << 2 | flags;
                woven.sizes[at++] = listing.sizes()[i];
            }
            for (int place = headOf[slot]; place >= 0; place = nextOf[place]) {
                woven.entries[at] = old.entries[place] | KnownMessages.GONE;
                woven.sizes[at++] = old.sizes[place];
            }
        }
        return woven;
    }

    /**
     * Without entries that were moved away (-1) and without the first {@code count} gone ones,
     * still in one array.
     */
    Flat purged(int count) {
        long[] keptEntries = new long[entries.length];
        int[] keptSizes = new int[entries.length];
        int kept = 0;
        int left = count;
        for (int place = 0; place < entries.length; place++) {
            if (entries[place] == -1 || isGone(place) && left-- > 0) {
                continue;
            }
            keptEntries[kept] = entries[place];
            keptSizes[kept++] = sizes[place];
        }
        return new Flat(Arrays.copyOf(keptEntries, kept), Arrays.copyOf(keptSizes, kept));
    }

    /**
     * Cuts the entries into chunks, keeping those of {@code before} that still hold the same
     * entries in the same place.
     */
    KnownMessages chunked(List<Chunk> before) {
        List<Chunk> chunks = new ArrayList<>();
        int at = 0;
        int number = 0;
        boolean aligned = true;
        for (Chunk old : before) {
            int end = at + old.entries().length;
            aligned = aligned && end <= entries.length;
            if (!aligned) {
                break;
            }
            boolean last = old == before.getLast();
            int grown = last ? Math.min(entries.length, at + KnownMessages.CHUNK) : end;
            chunks.add(
                    grown == end && old.holds(entries, at, end)
                            ? old
                            : cut(old.number(), at, grown));
            at = grown;
            number = old.number() + 1;
        }
        for (; at < entries.length; at += KnownMessages.CHUNK) {
            chunks.add(cut(number++, at, Math.min(entries.length, at + KnownMessages.CHUNK)));
        }
        return KnownMessages.of(chunks);
    }

    private Chunk cut(int number, int from, int to) {
        return new Chunk(
                number, Arrays.copyOfRange(entries, from, to), Arrays.copyOfRange(sizes, from, to));
    }
}
