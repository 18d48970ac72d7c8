package dev.mailbell.bench.sim;

import java.util.Arrays;
import java.util.function.IntPredicate;

/** Times in nanoseconds, each with when it began. Safe for many threads. */
public final class Latencies {
    private long[] begun = new long[1024];
    private long[] took = new long[1024];
    private int[] ofWhat = new int[1024];
    private int size;

    public void add(long begunAt, long nanos) {
        add(0, begunAt, nanos);
    }

    /**
     * @param what a number by which some can be chosen
     */
    public synchronized void add(int what, long begunAt, long nanos) {
        if (size == begun.length) {
            begun = Arrays.copyOf(begun, size * 2);
            took = Arrays.copyOf(took, size * 2);
            ofWhat = Arrays.copyOf(ofWhat, size * 2);
        }
        ofWhat[size] = what;
        begun[size] = begunAt;
        took[size++] = nanos;
    }

    /** Those that began in a span of {@link System#nanoTime}, shortest first. */
    public Sorted between(long from, long to) {
        return between(from, to, what -> true);
    }

    /** The same of some of them. */
    public synchronized Sorted between(long from, long to, IntPredicate which) {
        long[] within = new long[size];
        int count = 0;
        for (int i = 0; i < size; i++) {
            if (begun[i] - from >= 0 && begun[i] - to < 0 && which.test(ofWhat[i])) {
                within[count++] = took[i];
            }
        }
        long[] sorted = Arrays.copyOf(within, count);
        Arrays.sort(sorted);
        return new Sorted(sorted);
    }

    /** In ascending order. */
    public record Sorted(long[] nanos) {
        public int size() {
            return nanos.length;
        }

        /**
         * In milliseconds, by the nearest rank; not a number where there is none.
         *
         * @param share 0 to 1: 0.5 for the median
         */
        public double percentile(double share) {
            if (nanos.length == 0) {
                return Double.NaN;
            }
            int rank = (int) Math.ceil(share * nanos.length);
            return nanos[Math.clamp(rank - 1, 0, nanos.length - 1)] / 1e6;
        }
    }
}
