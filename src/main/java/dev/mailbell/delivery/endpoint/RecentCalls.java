package dev.mailbell.delivery.endpoint;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;

/** How many calls of the last five minutes failed, counted in steps of ten seconds. */
final class RecentCalls {
    private static final long STEP = Duration.ofSeconds(10).toMillis();
    private static final int STEPS = 30;

    private final long[] times = new long[STEPS];
    private final int[] calls = new int[STEPS];
    private final int[] failures = new int[STEPS];

    RecentCalls() {
        clear();
    }

    void add(Instant now, boolean success) {
        long time = now.toEpochMilli() / STEP;
        int index = Math.floorMod(time, STEPS);
        if (times[index] != time) {
            times[index] = time;
            calls[index] = 0;
            failures[index] = 0;
        }
        calls[index]++;
        if (!success) {
            failures[index]++;
        }
    }

    int calls(Instant now) {
        return sum(now, calls);
    }

    int failures(Instant now) {
        return sum(now, failures);
    }

    private int sum(Instant now, int[] counts) {
        long time = now.toEpochMilli() / STEP;
        int sum = 0;
        for (int index = 0; index < STEPS; index++) {
            if (times[index] > time - STEPS && times[index] <= time) {
                sum += counts[index];
            }
        }
        return sum;
    }

    void clear() {
        Arrays.fill(times, Long.MIN_VALUE);
    }
}
