package dev.mailbell.delivery.log;

import java.time.Instant;

/**
 * The attempts of a webhook's deliveries in some time: how many, and how long they took.
 *
 * @param at the beginning of the time
 * @param delivered how many of the attempts the endpoint took
 * @param totalMillis the sum of their durations
 * @param longestMillis the longest of them
 * @param byDuration the attempts by classes of their durations
 */
@SuppressWarnings("ArrayRecordComponent") // read here only, never compared
public record Activity(
        Instant at,
        long attempts,
        long delivered,
        long totalMillis,
        long longestMillis,
        long[] byDuration) {

    /** No attempt. */
    public static Activity none(Instant at) {
        return new Activity(at, 0, 0, 0, 0, new long[DurationClasses.COUNT]);
    }

    /** One attempt. */
    static Activity of(Instant at, boolean delivered, long millis) {
        long[] classes = new long[DurationClasses.COUNT];
        classes[DurationClasses.of(millis)] = 1;
        return new Activity(at, 1, delivered ? 1 : 0, millis, millis, classes);
    }

    /** Both, at the time of this one. */
    public Activity plus(Activity other) {
        long[] sum = byDuration.clone();
        for (int i = 0; i < Math.min(sum.length, other.byDuration.length); i++) {
            sum[i] += other.byDuration[i];
        }
        return new Activity(
                at,
                attempts + other.attempts,
                delivered + other.delivered,
                totalMillis + other.totalMillis,
                Math.max(longestMillis, other.longestMillis),
                sum);
    }

    public long failed() {
        return attempts - delivered;
    }

    /** The share of attempts that the endpoint took, 0 to 1; 0 without attempts. */
    public double successRate() {
        return attempts == 0 ? 0 : (double) delivered / attempts;
    }

    public long meanMillis() {
        return attempts == 0 ? 0 : Math.round((double) totalMillis / attempts);
    }

    /**
     * The duration that a share of the attempts did not exceed, as exact as the classes are.
     *
     * @param share 0 to 1
     */
    public long quantileMillis(double share) {
        return DurationClasses.quantile(byDuration, share, longestMillis);
    }
}
