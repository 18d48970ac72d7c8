package dev.mailbell.detection;

import java.util.Arrays;
import java.util.stream.LongStream;

/** An immutable set of IMAP UIDs as ascending, disjoint ranges, 16 bytes each. */
public final class UidSet {
    private static final UidSet EMPTY = new UidSet(new long[0]);

    /** Pairs of first and last UID, ascending, neither adjacent nor overlapping. */
    private final long[] bounds;

    private UidSet(long[] bounds) {
        this.bounds = bounds;
    }

    public static UidSet empty() {
        return EMPTY;
    }

    /** The set of these UIDs, each 1 or higher, in any order, repeated or not. */
    public static UidSet of(long... uids) {
        long[] sorted = uids.clone();
        Arrays.sort(sorted);
        Builder builder = new Builder();
        for (long uid : sorted) {
            builder.add(uid, uid);
        }
        return builder.build();
    }

    public boolean isEmpty() {
        return bounds.length == 0;
    }

    /** How many UIDs the set holds. */
    public long size() {
        return countFrom(1);
    }

    /** How many UIDs of the set are {@code from} or higher. */
    public long countFrom(long from) {
        long count = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            count += Math.max(0, bounds[i + 1] - Math.max(bounds[i], from) + 1);
        }
        return count;
    }

    /** The lowest UID; the set must not be empty. */
    public long first() {
        return bounds[0];
    }

    /** The highest UID; the set must not be empty. */
    public long last() {
        return bounds[bounds.length - 1];
    }

    /** The UIDs that are {@code from} or higher. */
    public UidSet from(long from) {
        Builder builder = new Builder();
        for (int i = 0; i < bounds.length; i += 2) {
            if (bounds[i + 1] >= from) {
                builder.add(Math.max(bounds[i], from), bounds[i + 1]);
            }
        }
        return builder.build();
    }

    /** The first UID of the last range; the set must not be empty. */
    long startOfLastRange() {
        return bounds[bounds.length - 2];
    }

    /** The UIDs of either set. */
    public UidSet with(UidSet other) {
        Builder builder = new Builder();
        int i = 0;
        int j = 0;
        while (i < bounds.length || j < other.bounds.length) {
            boolean own =
                    j == other.bounds.length || i < bounds.length && bounds[i] <= other.bounds[j];
            long[] from = own ? bounds : other.bounds;
            int at = own ? i : j;
            builder.add(from[at], from[at + 1]);
            i += own ? 2 : 0;
            j += own ? 0 : 2;
        }
        return builder.build();
    }

    /** The UIDs of this set that are not in the other. */
    public UidSet without(UidSet other) {
        Builder builder = new Builder();
        int j = 0;
        for (int i = 0; i < bounds.length; i += 2) {
            long first = bounds[i];
            long last = bounds[i + 1];
            while (j < other.bounds.length && other.bounds[j + 1] < first) {
                j += 2;
            }
            for (int k = j; k < other.bounds.length && other.bounds[k] <= last; k += 2) {
                if (other.bounds[k] > first) {
                    builder.add(first, other.bounds[k] - 1);
                }
                first = other.bounds[k + 1] + 1;
            }
            if (first <= last) {
                builder.add(first, last);
            }
        }
        return builder.build();
    }

    /** The UIDs that are in both sets. */
    public UidSet within(UidSet other) {
        return without(without(other));
    }

    /** The UIDs below {@code limit}. */
    public UidSet below(long limit) {
        return limit <= 1 ? EMPTY : within(new Builder().add(1, limit - 1).build());
    }

    /** The last ranges of the set, at most {@code limit} of them. */
    UidSet lastRanges(int limit) {
        return bounds.length <= 2 * limit
                ? this
                : new UidSet(Arrays.copyOfRange(bounds, bounds.length - 2 * limit, bounds.length));
    }

    /**
     * Parses the format of {@link #toString}.
     *
     * @throws IllegalArgumentException when the text is not such a set
     */
    public static UidSet parse(String text) {
        Builder builder = new Builder();
        for (String range : text.isEmpty() ? new String[0] : text.split(",")) {
            int colon = range.indexOf(':');
            long first = Long.parseLong(colon < 0 ? range : range.substring(0, colon));
            builder.add(first, colon < 0 ? first : Long.parseLong(range.substring(colon + 1)));
        }
        return builder.build();
    }

    /** The highest UIDs, at most {@code limit} of them, ascending. */
    public long[] newest(int limit) {
        long[] result = new long[(int) Math.min(limit, size())];
        int at = result.length;
        for (int i = bounds.length - 2; i >= 0 && at > 0; i -= 2) {
            for (long uid = bounds[i + 1]; uid >= bounds[i] && at > 0; uid--) {
                result[--at] = uid;
            }
        }
        return result;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof UidSet that && Arrays.equals(bounds, that.bounds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bounds);
    }

    /** The set in IMAP syntax, for example {@code 4:7,9}. */
    @Override
    public String toString() {
        return LongStream.range(0, bounds.length / 2)
                .mapToObj(i ->
                        bounds[(int) i * 2] == bounds[(int) i * 2 + 1]
                                ? Long.toString(bounds[(int) i * 2])
                                : bounds[(int) i * 2] + ":" + bounds[(int) i * 2 + 1])
                .collect(java.util.stream.Collectors.joining(","));
    }

    /** Collects ranges whose lower ends ascend. */
    public static final class Builder {
        private long[] bounds = new long[8];
        private int length;

        /**
         * Adds the range {@code first} to {@code last}, both included; it is merged with an
         * overlapping previous range.
         *
         * @throws IllegalArgumentException when the range begins below 1 or below the previous
         *     range, ends at {@link ImapMark#NO_UID}, or is reversed
         */
        public Builder add(long first, long last) {
            if (first < 1 || last < first || last >= ImapMark.NO_UID) {
                throw new IllegalArgumentException("not a UID range: " + first + ":" + last);
            }
            if (length > 0 && first < bounds[length - 2]) {
                throw new IllegalArgumentException("UID ranges must ascend: " + first);
            }
            if (length > 0 && first <= bounds[length - 1] + 1) {
                bounds[length - 1] = Math.max(bounds[length - 1], last);
                return this;
            }
            if (length == bounds.length) {
                bounds = Arrays.copyOf(bounds, length * 2);
            }
            bounds[length++] = first;
            bounds[length++] = last;
            return this;
        }

        public UidSet build() {
            return length == 0 ? EMPTY : new UidSet(Arrays.copyOf(bounds, length));
        }
    }
}
