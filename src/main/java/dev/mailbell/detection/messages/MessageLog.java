package dev.mailbell.detection.messages;

import dev.mailbell.detection.messages.KnownMessages.Chunk;
import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The entries of {@link KnownMessages} laid out in one array, to be changed before they are cut
 * into chunks again.
 */
final class MessageLog {
    /** An entry that is dropped when the entries are cut into chunks. */
    private static final long DROPPED = -1;

    /** How many chunks more than are needed are put up with. */
    private static final int SHORT_CHUNKS = 8;

    final long[] entries;
    final int[] sizes;

    MessageLog(long[] entries, int[] sizes) {
        this.entries = entries;
        this.sizes = sizes;
    }

    MessageLog(KnownMessages known) {
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

    static long key(long entry) {
        return entry >>> 2;
    }

    boolean isGone(int place) {
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

    /** The place behind so many live entries. */
    int endOfLive(int count) {
        int place = 0;
        for (int left = count; left > 0 && place < entries.length; place++) {
            left -= isGone(place) ? 0 : 1;
        }
        return place;
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
    int matchInOrder(MessageListing listing) {
        int matched = 0;
        for (int place = 0; place < entries.length; place++) {
            if (matched < listing.size() && key(entries[place]) == listing.keys()[matched]) {
                entries[place] &= ~KnownMessages.GONE;
                sizes[place] = known(listing.sizes()[matched], sizes[place]);
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

    /** The size that a listing gives, or the one remembered where it gives none. */
    static int known(int listed, int remembered) {
        return listed == MessageListing.UNKNOWN ? remembered : listed;
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
    Difference append(KnownMessages before, MessageListing listing, int from) {
        int live = liveBefore(entries.length);
        LongIndex gone = goneIndex();
        int added = listing.size() - from;
        long[] moreEntries = Arrays.copyOf(entries, entries.length + added);
        int[] moreSizes = Arrays.copyOf(sizes, entries.length + added);
        int[] fresh = new int[added];
        int freshCount = 0;
        for (int i = from; i < listing.size(); i++) {
            int place = gone.take(listing.keys()[i]);
            int at = entries.length + i - from;
            long flags = 0;
            moreSizes[at] = listing.sizes()[i];
            if (place >= 0) {
                flags = entries[place] & KnownMessages.FETCHED;
                moreSizes[at] = known(moreSizes[at], sizes[place]);
                moreEntries[place] = DROPPED;
            } else {
                fresh[freshCount++] = i;
            }
            moreEntries[at] = listing.keys()[i] << 2 | flags;
        }
        MessageLog grown = new MessageLog(moreEntries, moreSizes);
        int goneNow = entries.length - live - (added - freshCount);
        int survivors = stillLive(before);
        int vanished = before.live() - survivors;
        grown.forget(GoneLimit.surplus(live + added, goneNow, freshCount, vanished));
        return new Difference(
                grown.chunked(before.chunks()),
                Arrays.copyOf(fresh, freshCount),
                survivors,
                live + added);
    }

    /** How many entries are live that were live before; the places are the same. */
    private int stillLive(KnownMessages before) {
        int count = 0;
        int place = 0;
        for (Chunk chunk : before.chunks()) {
            for (long entry : chunk.entries()) {
                count += (entry & KnownMessages.GONE) == 0 && !isGone(place) ? 1 : 0;
                place++;
            }
        }
        return count;
    }

    /** Drops the first {@code count} gone entries. */
    void forget(int count) {
        int left = count;
        for (int place = 0; left > 0 && place < entries.length; place++) {
            if (entries[place] != DROPPED && isGone(place)) {
                entries[place] = DROPPED;
                left--;
            }
        }
    }

    /** Without entries that were dropped. */
    MessageLog compact() {
        return part(0, entries.length);
    }

    /**
     * Cuts the entries into chunks and leaves out what was dropped. A chunk of {@code before} that
     * lost nothing stays as it is; one that lost entries grows shorter, so that the chunks behind
     * it stay too. When too many have become short, all are cut anew.
     */
    KnownMessages chunked(List<Chunk> before) {
        List<Chunk> chunks = new ArrayList<>();
        int at = 0;
        int kept = 0;
        for (Chunk old : before) {
            int end = at + old.entries().length;
            boolean last = old == before.getLast();
            int grown = last ? Math.min(entries.length, at + KnownMessages.CHUNK) : end;
            chunks.add(
                    grown == end && old.holds(entries, sizes, at, end)
                            ? old
                            : cut(old.number(), at, grown));
            kept += chunks.getLast().entries().length;
            at = grown;
        }
        int number = before.isEmpty() ? 0 : before.getLast().number() + 1;
        for (; at < entries.length; at += KnownMessages.CHUNK) {
            int end = Math.min(entries.length, at + KnownMessages.CHUNK);
            chunks.add(cut(number++, at, end));
            kept += chunks.getLast().entries().length;
        }
        boolean sparse = chunks.size() > SHORT_CHUNKS + 2 * (kept / KnownMessages.CHUNK);
        return sparse && !before.isEmpty()
                ? compact().chunked(List.of())
                : KnownMessages.of(chunks);
    }

    private Chunk cut(int number, int from, int to) {
        MessageLog part = part(from, to);
        return new Chunk(number, part.entries, part.sizes);
    }

    private MessageLog part(int from, int to) {
        long[] keptEntries = new long[to - from];
        int[] keptSizes = new int[to - from];
        int kept = 0;
        for (int place = from; place < to; place++) {
            if (entries[place] != DROPPED) {
                keptEntries[kept] = entries[place];
                keptSizes[kept++] = sizes[place];
            }
        }
        return new MessageLog(Arrays.copyOf(keptEntries, kept), Arrays.copyOf(keptSizes, kept));
    }
}
