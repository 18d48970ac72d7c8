package dev.mailbell.mark;

import dev.mailbell.mark.KnownMessages.Difference;
import dev.mailbell.mark.Pop3Observation.Arrival;
import dev.mailbell.mark.Pop3Observation.Listing;
import dev.mailbell.mark.Pop3Observation.Sizes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Messages of a listing with UIDs never seen that may be messages whose UIDs vanished with the same
 * look: of their sizes, or of nearly that, since a line of status in the header changes both.
 */
final class Renamed {
    /** A line of status is shorter. */
    private static final int STATUS_LINE = 64;

    /** So many headers are asked for at most. */
    static final int MOST_HEADERS = 32;

    /**
     * Of how many different sizes the messages must be before equal sizes are taken for the same
     * messages.
     */
    private static final int DISTINCT_SIZES = 8;

    private final List<Pair> pairs = new ArrayList<>();
    private final int[] vanishedSizes;
    private boolean sizesProve;

    /**
     * A vanished message and the one that may be it.
     *
     * @param fresh the place of the message in the listing
     * @param fetched whether the client has the vanished one
     * @param sameSize whether the sizes are equal
     */
    private record Pair(int fresh, boolean fetched, boolean sameSize) {}

    /**
     * @param old what was known before the listing
     * @param listing with the sizes of the fresh messages
     */
    Renamed(KnownMessages old, Difference difference, Listing listing) {
        Flat before = new Flat(old);
        int[] vanished = vanished(before, listing);
        vanishedSizes = new int[vanished.length];
        Map<Integer, Deque<Integer>> ofSize = new HashMap<>();
        for (int i = 0; i < vanished.length; i++) {
            vanishedSizes[i] = before.sizes[vanished[i]];
            if (vanishedSizes[i] != Listing.UNKNOWN) {
                ofSize.computeIfAbsent(vanishedSizes[i], size -> new ArrayDeque<>())
                        .add(vanished[i]);
            }
        }
        List<Integer> unmatched = new ArrayList<>();
        for (int fresh : difference.fresh()) {
            Deque<Integer> same = ofSize.get(listing.sizes()[fresh]);
            if (same == null || same.isEmpty()) {
                unmatched.add(fresh);
            } else {
                pairs.add(new Pair(fresh, isFetched(before, same.remove()), true));
            }
        }
        matchNearly(before, listing, ofSize, unmatched);
        pairs.sort((a, b) -> Integer.compare(a.fresh(), b.fresh()));
    }

    private void matchNearly(
            Flat before,
            Listing listing,
            Map<Integer, Deque<Integer>> ofSize,
            List<Integer> unmatched) {
        TreeMap<Integer, Deque<Integer>> left = new TreeMap<>(ofSize);
        left.values().removeIf(Deque::isEmpty);
        for (int fresh : unmatched) {
            int size = listing.sizes()[fresh];
            Map.Entry<Integer, Deque<Integer>> near = left.ceilingEntry(size - STATUS_LINE);
            if (size != Listing.UNKNOWN
                    && near != null
                    && near.getKey() <= (long) size + STATUS_LINE) {
                int place = near.getValue().remove();
                pairs.add(new Pair(fresh, isFetched(before, place), false));
                if (near.getValue().isEmpty()) {
                    left.remove(near.getKey());
                }
            }
        }
    }

    private static boolean isFetched(Flat before, int place) {
        return (before.entries[place] & KnownMessages.FETCHED) != 0;
    }

    /** The places of the entries that were there and are not listed. */
    private static int[] vanished(Flat before, Listing listing) {
        LongIndex listed = new LongIndex(listing.keys().clone());
        int[] vanished = new int[before.length()];
        int count = 0;
        for (int place = 0; place < before.length(); place++) {
            if (!before.isGone(place) && listed.take(Flat.key(before.entries[place])) < 0) {
                vanished[count++] = place;
            }
        }
        return Arrays.copyOf(vanished, count);
    }

    /** Whether nothing vanished that one of the fresh messages may be. */
    boolean isEmpty() {
        return pairs.isEmpty();
    }

    /** Whether a message came with exactly the size of one that vanished. */
    boolean hasSameSize() {
        return pairs.stream().anyMatch(Pair::sameSize);
    }

    /**
     * Whether the sizes alone prove it: many different ones, nearly all of which are there again.
     * Call {@link #prove} first, which may find a message that contradicts it.
     */
    boolean isProvedBySizes() {
        return sizesProve;
    }

    /**
     * Keeps the messages that are proved to be old ones: by the time at which they reached the
     * server, or by the sizes of all.
     */
    void prove(Sizes server) {
        int asked = Math.min(MOST_HEADERS, pairs.size());
        List<Pair> newest = pairs.subList(pairs.size() - asked, pairs.size());
        Arrival[] arrivals = server.arrivals(newest.stream().mapToInt(Pair::fresh).toArray());
        long same = pairs.stream().filter(Pair::sameSize).count();
        sizesProve =
                Arrays.stream(vanishedSizes).distinct().limit(DISTINCT_SIZES).count()
                                == DISTINCT_SIZES
                        && same * 10 >= vanishedSizes.length * 9L
                        && Arrays.stream(arrivals).noneMatch(at -> at == Arrival.SINCE);
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

    /** The difference without the messages that only changed their UIDs. */
    Difference leftOut(Difference difference) {
        BitSet renamed = new BitSet();
        BitSet fetched = new BitSet();
        for (Pair pair : pairs) {
            renamed.set(pair.fresh());
            fetched.set(pair.fresh(), pair.fetched());
        }
        Flat next = new Flat(difference.next());
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
