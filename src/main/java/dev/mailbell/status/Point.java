package dev.mailbell.status;

import java.util.List;

/**
 * What happened in some seconds.
 *
 * @param at the beginning of its {@link #SECONDS}, in seconds since 1970; a multiple of them
 * @param seconds how much of them was measured
 * @param checks that ended
 * @param failedChecks of these
 * @param delivered POSTs that succeeded
 * @param failedPosts POSTs that did not
 * @param posts first POSTs of deliveries by the time since their commit, for each of {@link #STEPS}
 *     those that took no longer; the last entry is all
 * @param oldestPending seconds, the most that was seen
 * @param arrivals messages whose way from their server was timed
 * @param arrivalSeconds the sum of these times
 */
public record Point(
        long at,
        double seconds,
        double checks,
        double failedChecks,
        double delivered,
        double failedPosts,
        List<Double> posts,
        double oldestPending,
        double arrivals,
        double arrivalSeconds) {
    /** The length of a point. */
    public static final int SECONDS = 30;

    public Point {
        posts = List.copyOf(posts);
    }

    /** Of two nodes at the same time. */
    public Point plus(Point other) {
        return new Point(
                at,
                Math.max(seconds, other.seconds),
                checks + other.checks,
                failedChecks + other.failedChecks,
                delivered + other.delivered,
                failedPosts + other.failedPosts,
                sum(posts, other.posts),
                Math.max(oldestPending, other.oldestPending),
                arrivals + other.arrivals,
                arrivalSeconds + other.arrivalSeconds);
    }

    /** Of two times, at the later one. */
    public Point then(Point later) {
        Point sum = plus(later);
        return new Point(
                later.at,
                seconds + later.seconds,
                sum.checks,
                sum.failedChecks,
                sum.delivered,
                sum.failedPosts,
                sum.posts,
                later.oldestPending,
                sum.arrivals,
                sum.arrivalSeconds);
    }

    /** A node of another version may have other steps: the longer list counts. */
    private static List<Double> sum(List<Double> one, List<Double> other) {
        if (one.size() != other.size()) {
            return one.size() > other.size() ? one : other;
        }
        Double[] sum = new Double[one.size()];
        for (int i = 0; i < sum.length; i++) {
            sum[i] = one.get(i) + other.get(i);
        }
        return List.of(sum);
    }

    /** A count in this point, a second; NaN when nothing was measured. */
    public double perSecond(double count) {
        return seconds > 0 ? count / seconds : Double.NaN;
    }

    /**
     * The time that this share of first POSTs did not exceed, in milliseconds; NaN without POSTs.
     * Between two steps it is interpolated.
     *
     * @param steps of {@link #posts}, in milliseconds, without the last entry
     */
    public double postMillis(double share, List<Double> steps) {
        if (posts.isEmpty() || posts.size() != steps.size() + 1 || posts.getLast() <= 0) {
            return Double.NaN;
        }
        double wanted = share * posts.getLast();
        double below = 0;
        double from = 0;
        for (int i = 0; i < steps.size(); i++) {
            double upTo = posts.get(i);
            if (upTo >= wanted) {
                double part = upTo > below ? (wanted - below) / (upTo - below) : 1;
                return from + part * (steps.get(i) - from);
            }
            below = upTo;
            from = steps.get(i);
        }
        return from;
    }
}
