package dev.mailbell.delivery.log;

/**
 * The classes in which durations of attempts are counted. The counts of nodes and of times add up,
 * as quantiles do not.
 */
final class DurationClasses {
    /** The upper ends of all classes but the last, in milliseconds. */
    private static final long[] ENDS = {
        5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000
    };

    static final int COUNT = ENDS.length + 1;

    private DurationClasses() {}

    static int of(long millis) {
        int index = 0;
        while (index < ENDS.length && millis > ENDS[index]) {
            index++;
        }
        return index;
    }

    /**
     * The duration that a share of the counted attempts did not exceed, as if the durations of a
     * class were spread evenly over it.
     *
     * @param share 0 to 1
     * @param longest the longest of all durations, which bounds the answer
     * @return milliseconds
     */
    static long quantile(long[] counts, double share, long longest) {
        long all = 0;
        for (long count : counts) {
            all += count;
        }
        double rank = share * all;
        double below = 0;
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0 && below + counts[i] >= rank) {
                long from = i == 0 ? 0 : ENDS[Math.min(i, ENDS.length) - 1];
                long to = i < ENDS.length ? Math.min(ENDS[i], longest) : longest;
                double part = (rank - below) / counts[i];
                return Math.min(longest, Math.round(from + Math.max(0, to - from) * part));
            }
            below += counts[i];
        }
        return longest;
    }
}
