package dev.mailbell.detection.messages;

import dev.mailbell.detection.messages.KnownMessages.Chunk;
import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The entries of {@link KnownMessages} in one mutable array. {@link #chunked} makes an immutable
 * value of them again.
 */
final class MessageLog {
    /** An entry that is dropped when the entries are cut into chunks. */
    private static final long DROPPED = -1;

    /** How many more chunks than needed are tolerated before all are rebuilt. */
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

    boolean isGone(int index) {
        return (entries[index] & KnownMessages.GONE) != 0;
    }

    int lastIndexOf(long key) {
        for (int index = entries.length - 1; index >= 0; index--) {
            if (key(entries[index]) == key) {
                return index;
            }
        }
        return -1;
    }

    int liveBefore(int end) {
        int count = 0;
        for (int index = 0; index < end; index++) {
            count += isGone(index) ? 0 : 1;
        }
        return count;
    }

    /** The index after the first {@code count} live entries. */
    int endOfLive(int count) {
        int index = 0;
        for (int left = count; left > 0 && index < entries.length; index++) {
            left -= isGone(index) ? 0 : 1;
        }
        return index;
    }

    /**
     * Marks the entries before {@code end} as fetched by the client, and with {@code rewind} the
     * rest as not fetched.
     */
    void fetch(int end, boolean rewind) {
        for (int index = 0; index < end; index++) {
            entries[index] |= KnownMessages.FETCHED;
        }
        for (int index = end; rewind && index < entries.length; index++) {
            entries[index] &= ~KnownMessages.FETCHED;
        }
    }

    /**
     * Compares entries and listing in order. Entries that are not listed are flagged as gone, gone
     * ones that are listed as live. The result is valid only if the surviving messages kept their
     * order.
     *
     * @return how many messages at the start of the listing were matched; -1 if the order is a
     *     different one
     */
    int matchInOrder(MessageListing listing) {
        int matched = 0;
        for (int index = 0; index < entries.length; index++) {
            if (matched < listing.size() && key(entries[index]) == listing.keys()[matched]) {
                entries[index] &= ~KnownMessages.GONE;
                sizes[index] = known(listing.sizes()[matched], sizes[index]);
                matched++;
            } else {
                entries[index] |= KnownMessages.GONE;
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

    /** The size from the listing, or the remembered one if the listing has none. */
    static int known(int listed, int remembered) {
        return listed == MessageListing.UNKNOWN ? remembered : listed;
    }

    private LongIndex goneIndex() {
        long[] keys = new long[entries.length];
        for (int index = 0; index < entries.length; index++) {
            keys[index] = isGone(index) ? key(entries[index]) : -1;
        }
        return new LongIndex(keys);
    }

    /**
     * Appends the messages of the listing from {@code from} on. A gone message with the same key
     * has returned and is not new.
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
            int index = gone.take(listing.keys()[i]);
            int at = entries.length + i - from;
            long flags = 0;
            moreSizes[at] = listing.sizes()[i];
            if (index >= 0) {
                flags = entries[index] & KnownMessages.FETCHED;
                moreSizes[at] = known(moreSizes[at], sizes[index]);
                moreEntries[index] = DROPPED;
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

    /** How many entries were live before and still are; the indexes are the same. */
    private int stillLive(KnownMessages before) {
        int count = 0;
        int index = 0;
        for (Chunk chunk : before.chunks()) {
            for (long entry : chunk.entries()) {
                count += (entry & KnownMessages.GONE) == 0 && !isGone(index) ? 1 : 0;
                index++;
            }
        }
        return count;
    }

    /** Drops the first {@code count} gone entries. */
    void forget(int count) {
        int left = count;
        for (int index = 0; left > 0 && index < entries.length; index++) {
            if (entries[index] != DROPPED && isGone(index)) {
                entries[index] = DROPPED;
                left--;
            }
        }
    }

    /** A copy without the dropped entries. */
    MessageLog compact() {
        return part(0, entries.length);
    }

    /**
     * Cuts the entries into chunks without the dropped ones. An unchanged chunk of {@code before}
     * is reused; one that lost entries becomes shorter, so that the later chunks can be reused too.
     * When too many chunks are short, all are rebuilt.
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
        for (int index = from; index < to; index++) {
            if (entries[index] != DROPPED) {
                keptEntries[kept] = entries[index];
                keptSizes[kept++] = sizes[index];
            }
        }
        return new MessageLog(Arrays.copyOf(keptEntries, kept), Arrays.copyOf(keptSizes, kept));
    }
}
