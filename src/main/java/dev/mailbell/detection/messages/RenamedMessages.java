package dev.mailbell.detection.messages;

import dev.mailbell.detection.messages.KnownMessages.Difference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Messages of a listing with unknown UIDs that may be known messages whose UIDs vanished with the
 * same check. They have the same size or nearly the same, because a status line that the server
 * adds to the header changes size and UID.
 *
 * <p>New mail is appended at the end, and may have waited in a queue since before the previous
 * check. So a message at the end is never matched with one that vanished from before a surviving
 * message. Nearly the same size does not match at the end if most of the messages that vanished
 * there have no match.
 */
public final class RenamedMessages {
    /** The maximum length of a status line in octets. */
    private static final int STATUS_LINE = 64;

    /** The maximum number of headers to read. */
    static final int MAX_HEADERS = 32;

    /**
     * The minimum number of different sizes among the messages before equal sizes prove equal
     * messages.
     */
    private static final int DISTINCT_SIZES = 8;

    private final MessageLog before;
    private final Vanished vanishedBefore = new Vanished();
    private final Vanished vanishedAtEnd = new Vanished();
    private final List<Pair> pairs = new ArrayList<>();
    private final int[] vanishedSizes;
    private boolean sizesProve;

    /**
     * A vanished message and the new one that may be the same.
     *
     * @param fresh the index of the message in the listing
     * @param vanished the key of the vanished message
     * @param atEnd whether the new message comes after all surviving ones
     * @param fetched whether the client has fetched the vanished message
     * @param sameSize whether the sizes are equal
     */
    private record Pair(
            int fresh, long vanished, boolean atEnd, boolean fetched, boolean sameSize) {}

    /** Indexes of vanished messages by their sizes. */
    private static final class Vanished {
        private final TreeMap<Integer, Deque<Integer>> indexes = new TreeMap<>();
        private int total;

        void add(int size, int index) {
            total++;
            if (size != MessageListing.UNKNOWN) {
                indexes.computeIfAbsent(size, any -> new ArrayDeque<>()).add(index);
            }
        }

        /** The index of a message of this size; -1 for none. */
        int takeSame(int size) {
            return take(size, size);
        }

        /** The index of a message of nearly this size; -1 for none. */
        int takeNear(int size) {
            return size == MessageListing.UNKNOWN
                    ? -1
                    : take(size - STATUS_LINE, size + (long) STATUS_LINE);
        }

        private int take(int from, long to) {
            Map.Entry<Integer, Deque<Integer>> entry = indexes.ceilingEntry(from);
            if (entry == null || entry.getKey() > to) {
                return -1;
            }
            int index = entry.getValue().remove();
            if (entry.getValue().isEmpty()) {
                indexes.remove(entry.getKey());
            }
            return index;
        }
    }

    /**
     * @param old the known messages before the listing
     * @param listing with the sizes of the fresh messages
     */
    public RenamedMessages(KnownMessages old, Difference difference, MessageListing listing) {
        before = new MessageLog(old);
        LongIndex listed = new LongIndex(listing.keys().clone());
        int[] indexes = new int[before.length()];
        int count = 0;
        int lastStayed = -1;
        int lastListed = -1;
        for (int index = 0; index < before.length(); index++) {
            if (!before.isGone(index)) {
                int now = listed.take(MessageLog.key(before.entries[index]));
                if (now < 0) {
                    indexes[count++] = index;
                } else {
                    lastStayed = index;
                    lastListed = Math.max(lastListed, now);
                }
            }
        }
        int[] vanished = Arrays.copyOf(indexes, count);
        vanishedSizes = Arrays.stream(vanished).map(index -> before.sizes[index]).toArray();
        for (int index : vanished) {
            (index > lastStayed ? vanishedAtEnd : vanishedBefore).add(before.sizes[index], index);
        }
        List<Integer> unmatched = new ArrayList<>();
        for (int fresh : difference.fresh()) {
            if (!match(fresh, fresh > lastListed, listing.sizes()[fresh], true)) {
                unmatched.add(fresh);
            }
        }
        for (int fresh : unmatched) {
            match(fresh, fresh > lastListed, listing.sizes()[fresh], false);
        }
        long atEnd = pairs.stream().filter(Pair::atEnd).count();
        if (atEnd * 2 < vanishedAtEnd.total) {
            pairs.removeIf(pair -> pair.atEnd() && !pair.sameSize());
        }
        pairs.sort((one, other) -> Integer.compare(one.fresh(), other.fresh()));
    }

    /** Pairs a new message with a vanished one; false if none matches. */
    private boolean match(int fresh, boolean atEnd, int size, boolean sameSize) {
        int index = atEnd ? -1 : take(vanishedBefore, size, sameSize);
        if (index < 0) {
            index = take(vanishedAtEnd, size, sameSize);
        }
        if (index >= 0) {
            long entry = before.entries[index];
            boolean fetched = (entry & KnownMessages.FETCHED) != 0;
            pairs.add(new Pair(fresh, MessageLog.key(entry), atEnd, fetched, sameSize));
        }
        return index >= 0;
    }

    private static int take(Vanished vanished, int size, boolean sameSize) {
        return sameSize ? vanished.takeSame(size) : vanished.takeNear(size);
    }

    /** Whether no new message matches a vanished one. */
    public boolean isEmpty() {
        return pairs.isEmpty();
    }

    /** Whether a new message has exactly the size of a vanished one. */
    public boolean hasSameSize() {
        return pairs.stream().anyMatch(Pair::sameSize);
    }

    /**
     * Whether the sizes alone prove that the UIDs changed: the vanished messages have many
     * different sizes, and nearly all of these sizes returned. Call {@link #prove} first, which may
     * find contradicting messages.
     */
    public boolean isProvedBySizes() {
        return sizesProve;
    }

    /**
     * Keeps the pairs that are proved to be the same message: by the time at which it reached the
     * server, or by the sizes of all messages.
     */
    public void prove(Function<int[], Arrival[]> server) {
        int asked = Math.min(MAX_HEADERS, pairs.size());
        List<Pair> newest = pairs.subList(pairs.size() - asked, pairs.size());
        Arrival[] arrivals = server.apply(newest.stream().mapToInt(Pair::fresh).toArray());
        long same = pairs.stream().filter(Pair::sameSize).count();
        long sameAsked = newest.stream().filter(Pair::sameSize).count();
        long contradicting =
                IntStream.range(0, asked)
                        .filter(i -> newest.get(i).sameSize() && arrivals[i] == Arrival.SINCE)
                        .count();
        sizesProve =
                Arrays.stream(vanishedSizes).distinct().limit(DISTINCT_SIZES).count()
                                == DISTINCT_SIZES
                        && same * 10 >= vanishedSizes.length * 9L
                        && contradicting * 10 <= sameAsked;
        List<Pair> proved = new ArrayList<>();
        for (int i = 0; i < pairs.size(); i++) {
            int at = i - (pairs.size() - asked);
            Pair pair = pairs.get(i);
            Arrival arrival = at < 0 ? Arrival.UNKNOWN : arrivals[at];
            if (arrival == Arrival.BEFORE
                    || arrival == Arrival.UNKNOWN && sizesProve && pair.sameSize()) {
                proved.add(pair);
            }
        }
        pairs.clear();
        pairs.addAll(proved);
    }

    /** Keeps the pairs of which one check read the header and the other only the size. */
    public void keepUnnamed(MessageListing listing) {
        pairs.removeIf(pair -> {
            long unnamed = UidKey.of(UidText.ofSize(listing.sizes()[pair.fresh()]));
            return !pair.sameSize()
                    || pair.vanished() != unnamed && listing.keys()[pair.fresh()] != unnamed;
        });
    }

    /** The difference without the messages that only changed UIDs. */
    public Difference leftOut(Difference difference) {
        BitSet renamed = new BitSet();
        BitSet fetched = new BitSet();
        for (Pair pair : pairs) {
            renamed.set(pair.fresh());
            fetched.set(pair.fresh(), pair.fetched());
        }
        MessageLog next = new MessageLog(difference.next());
        int listed = 0;
        for (int index = 0; index < next.length(); index++) {
            // The present entries are in the order of the listing.
            if (!next.isGone(index) && fetched.get(listed++)) {
                next.entries[index] |= KnownMessages.FETCHED;
            }
        }
        int[] fresh =
                Arrays.stream(difference.fresh()).filter(index -> !renamed.get(index)).toArray();
        return new Difference(
                next.chunked(difference.next().chunks()),
                fresh,
                difference.survivors() + pairs.size(),
                difference.listed());
    }
}
