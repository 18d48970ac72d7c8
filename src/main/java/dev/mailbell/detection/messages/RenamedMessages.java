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
 * Messages of a listing with UIDs never seen that may be messages whose UIDs vanished with the same
 * look: of their sizes, or of nearly that, since a line of status in the header changes both.
 *
 * <p>New mail comes behind all that is there, and may have waited in a queue for longer than the
 * look before. So a message at the end is never one that vanished from before a message which
 * stayed; and of nearly its size is not enough for it where most of what vanished from the end is
 * gone for good.
 */
public final class RenamedMessages {
    /** A line of status is shorter. */
    private static final int STATUS_LINE = 64;

    /** So many headers are asked for at most. */
    static final int MOST_HEADERS = 32;

    /**
     * Of how many different sizes the messages must be before equal sizes are taken for the same
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
     * A vanished message and the one that may be it.
     *
     * @param fresh the place of the message in the listing
     * @param vanished the key of the vanished one
     * @param atEnd whether it stands behind all messages that stayed
     * @param fetched whether the client has the vanished one
     * @param sameSize whether the sizes are equal
     */
    private record Pair(
            int fresh, long vanished, boolean atEnd, boolean fetched, boolean sameSize) {}

    /** Vanished messages by their sizes. */
    private static final class Vanished {
        private final TreeMap<Integer, Deque<Integer>> places = new TreeMap<>();
        private int total;

        void add(int size, int place) {
            total++;
            if (size != MessageListing.UNKNOWN) {
                places.computeIfAbsent(size, any -> new ArrayDeque<>()).add(place);
            }
        }

        /** The place of one of the size; -1 for none. */
        int takeSame(int size) {
            return take(size, size);
        }

        /** The place of one of nearly the size; -1 for none. */
        int takeNear(int size) {
            return size == MessageListing.UNKNOWN
                    ? -1
                    : take(size - STATUS_LINE, size + (long) STATUS_LINE);
        }

        private int take(int from, long to) {
            Map.Entry<Integer, Deque<Integer>> entry = places.ceilingEntry(from);
            if (entry == null || entry.getKey() > to) {
                return -1;
            }
            int place = entry.getValue().remove();
            if (entry.getValue().isEmpty()) {
                places.remove(entry.getKey());
            }
            return place;
        }
    }

    /**
     * @param old what was known before the listing
     * @param listing with the sizes of the fresh messages
     */
    public RenamedMessages(KnownMessages old, Difference difference, MessageListing listing) {
        before = new MessageLog(old);
        LongIndex listed = new LongIndex(listing.keys().clone());
        int[] places = new int[before.length()];
        int count = 0;
        int lastStayed = -1;
        int lastListed = -1;
        for (int place = 0; place < before.length(); place++) {
            if (!before.isGone(place)) {
                int now = listed.take(MessageLog.key(before.entries[place]));
                if (now < 0) {
                    places[count++] = place;
                } else {
                    lastStayed = place;
                    lastListed = Math.max(lastListed, now);
                }
            }
        }
        int[] vanished = Arrays.copyOf(places, count);
        vanishedSizes = Arrays.stream(vanished).map(place -> before.sizes[place]).toArray();
        for (int place : vanished) {
            (place > lastStayed ? vanishedAtEnd : vanishedBefore).add(before.sizes[place], place);
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

    /** Finds the vanished message that a fresh one may be; false for none. */
    private boolean match(int fresh, boolean atEnd, int size, boolean sameSize) {
        int place = atEnd ? -1 : take(vanishedBefore, size, sameSize);
        if (place < 0) {
            place = take(vanishedAtEnd, size, sameSize);
        }
        if (place >= 0) {
            long entry = before.entries[place];
            boolean fetched = (entry & KnownMessages.FETCHED) != 0;
            pairs.add(new Pair(fresh, MessageLog.key(entry), atEnd, fetched, sameSize));
        }
        return place >= 0;
    }

    private static int take(Vanished vanished, int size, boolean sameSize) {
        return sameSize ? vanished.takeSame(size) : vanished.takeNear(size);
    }

    /** Whether nothing vanished that one of the fresh messages may be. */
    public boolean isEmpty() {
        return pairs.isEmpty();
    }

    /** Whether a message came with exactly the size of one that vanished. */
    public boolean hasSameSize() {
        return pairs.stream().anyMatch(Pair::sameSize);
    }

    /**
     * Whether the sizes alone prove it: many different ones, nearly all of which are there again.
     * Call {@link #prove} first, which may find messages that contradict it.
     */
    public boolean isProvedBySizes() {
        return sizesProve;
    }

    /**
     * Keeps the messages that are proved to be old ones: by the time at which they reached the
     * server, or by the sizes of all.
     */
    public void prove(Function<int[], Arrival[]> server) {
        int asked = Math.min(MOST_HEADERS, pairs.size());
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

    /** Keeps the messages of which one look saw the header, and the other one only the size. */
    public void keepUnnamed(MessageListing listing) {
        pairs.removeIf(pair -> {
            long unnamed = UidKey.of(UidText.ofSize(listing.sizes()[pair.fresh()]));
            return !pair.sameSize()
                    || pair.vanished() != unnamed && listing.keys()[pair.fresh()] != unnamed;
        });
    }

    /** The difference without the messages that only changed their UIDs. */
    public Difference leftOut(Difference difference) {
        BitSet renamed = new BitSet();
        BitSet fetched = new BitSet();
        for (Pair pair : pairs) {
            renamed.set(pair.fresh());
            fetched.set(pair.fresh(), pair.fetched());
        }
        MessageLog next = new MessageLog(difference.next());
        int listed = 0;
        for (int place = 0; place < next.length(); place++) {
            // The entries that are there lie in the order of the listing.
            if (!next.isGone(place) && fetched.get(listed++)) {
                next.entries[place] |= KnownMessages.FETCHED;
            }
        }
        int[] fresh =
                Arrays.stream(difference.fresh()).filter(place -> !renamed.get(place)).toArray();
        return new Difference(
                next.chunked(difference.next().chunks()),
                fresh,
                difference.survivors() + pairs.size(),
                difference.listed());
    }
}
