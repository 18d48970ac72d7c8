package dev.mailbell.ui.overview;

import dev.mailbell.status.MeterSums;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.Point;
import dev.mailbell.ui.page.Show;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/** The last hour of all nodes together. */
final class Hour {
    private static final int POINTS = 3_600 / Point.SECONDS;
    private static final int MINUTE = 60 / Point.SECONDS;
    private static final int FIVE_MINUTES = 300 / Point.SECONDS;

    private final SequencedMap<Long, Point> points = new TreeMap<>();
    private final long last;

    /**
     * @param now in seconds since 1970
     */
    Hour(Collection<NodeStatus> nodes, long now) {
        this.last = now - Math.floorMod(now, Point.SECONDS);
        for (NodeStatus node : nodes) {
            for (Point point : node.lastHour()) {
                points.merge(point.at(), point, Point::plus);
            }
        }
    }

    /** The sum of the latest points; empty when nothing was measured. */
    private Optional<Point> latest(int count) {
        List<Point> latest =
                points.values().stream()
                        .filter(point -> point.at() > last - (long) count * Point.SECONDS)
                        .toList();
        return latest.stream().reduce(Point::then);
    }

    /** A rate over the last minute; NaN when nothing was measured. */
    double perSecond(ToDoubleFunction<Point> count) {
        return latest(MINUTE)
                .map(point -> point.perSecond(count.applyAsDouble(point)))
                .orElse(Double.NaN);
    }

    /** From commit to POST in the last five minutes, in milliseconds; NaN without POSTs. */
    double postMillis(double share) {
        return latest(FIVE_MINUTES)
                .map(point -> point.postMillis(share, MeterSums.STEPS))
                .orElse(Double.NaN);
    }

    /** From a message's arrival at its server to its record, on average; NaN without messages. */
    double arrivalSeconds() {
        return latest(FIVE_MINUTES)
                .filter(point -> point.arrivals() > 0)
                .map(point -> point.arrivalSeconds() / point.arrivals())
                .orElse(Double.NaN);
    }

    double oldestPending() {
        return latest(MINUTE).map(Point::oldestPending).orElse(Double.NaN);
    }

    List<Chart> charts() {
        return List.of(
                Chart.of(
                        "Checks a second",
                        new Chart.Line("all", values(p -> p.perSecond(p.checks()))),
                        new Chart.Line("failed", values(p -> p.perSecond(p.failedChecks()))),
                        Show::rate),
                Chart.of(
                        "Deliveries a second",
                        new Chart.Line("delivered", values(p -> p.perSecond(p.delivered()))),
                        new Chart.Line("failed", values(p -> p.perSecond(p.failedPosts()))),
                        Show::rate),
                Chart.of(
                        "Seen to webhook",
                        new Chart.Line(
                                "99 of 100", values(p -> p.postMillis(0.99, MeterSums.STEPS))),
                        new Chart.Line("half", values(p -> p.postMillis(0.5, MeterSums.STEPS))),
                        Hour::millis),
                Chart.of(
                        "Oldest pending",
                        new Chart.Line("age", values(Point::oldestPending)),
                        null,
                        seconds -> millis(seconds * 1_000)));
    }

    private List<Double> values(ToDoubleFunction<Point> value) {
        List<Double> values = new ArrayList<>();
        for (int i = POINTS; i >= 0; i--) {
            Point point = points.get(last - (long) i * Point.SECONDS);
            values.add(point == null ? Double.NaN : value.applyAsDouble(point));
        }
        return values;
    }

    /** A time for people. */
    static String millis(double millis) {
        return Double.isFinite(millis) ? Show.duration(Duration.ofMillis(Math.round(millis))) : "–";
    }
}
