package dev.mailbell.status;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The points of the last hour, the oldest of which is overwritten. Fed with sums since the start of
 * the process, from which it takes what was added. Safe for many threads.
 */
final class History {
    static final int POINTS = 3_600 / Point.SECONDS;

    private final @Nullable Point[] ring = new Point[POINTS + 1];
    private @Nullable Sums before;

    /**
     * What was counted since the start of the process.
     *
     * @param seconds of a clock that never steps
     * @param oldestPending not a sum: as it is now
     */
    record Sums(
            double seconds,
            double checks,
            double failedChecks,
            double delivered,
            double failedPosts,
            List<Double> posts,
            double oldestPending,
            double arrivals,
            double arrivalSeconds) {}

    /**
     * @param now in seconds since 1970
     */
    synchronized void add(long now, Sums sums) {
        Sums last = before;
        before = sums;
        if (last == null) {
            return;
        }
        long at = now - Math.floorMod(now, Point.SECONDS);
        int place = (int) Math.floorMod(at / Point.SECONDS, (long) ring.length);
        Point added =
                new Point(
                        at,
                        sums.seconds() - last.seconds(),
                        sums.checks() - last.checks(),
                        sums.failedChecks() - last.failedChecks(),
                        sums.delivered() - last.delivered(),
                        sums.failedPosts() - last.failedPosts(),
                        difference(sums.posts(), last.posts()),
                        sums.oldestPending(),
                        sums.arrivals() - last.arrivals(),
                        sums.arrivalSeconds() - last.arrivalSeconds());
        Point there = ring[place];
        ring[place] = there != null && there.at() == at ? merged(there, added) : added;
    }

    private static Point merged(Point there, Point added) {
        Point both = there.then(added);
        return new Point(
                there.at(),
                both.seconds(),
                both.checks(),
                both.failedChecks(),
                both.delivered(),
                both.failedPosts(),
                both.posts(),
                Math.max(there.oldestPending(), added.oldestPending()),
                both.arrivals(),
                both.arrivalSeconds());
    }

    private static List<Double> difference(List<Double> now, List<Double> before) {
        List<Double> added = new ArrayList<>(now.size());
        for (int i = 0; i < now.size(); i++) {
            added.add(now.get(i) - (i < before.size() ? before.get(i) : 0));
        }
        return added;
    }

    /** The points that are not older than an hour, the oldest first. */
    synchronized List<Point> points(long now) {
        List<Point> points = new ArrayList<>();
        for (Point point : ring) {
            if (point != null && point.at() > now - 3_600 - Point.SECONDS && point.at() <= now) {
                points.add(point);
            }
        }
        points.sort((one, other) -> Long.compare(one.at(), other.at()));
        return points;
    }
}
