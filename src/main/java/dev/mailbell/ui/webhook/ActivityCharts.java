package dev.mailbell.ui.webhook;

import dev.mailbell.delivery.log.Activity;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.ui.page.Show;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** Draws the activity of a webhook. A step without attempts is a gap. */
final class ActivityCharts {
    private static final double WIDTH = 600;
    private static final double HEIGHT = 120;

    private final Instant first;
    private final Duration step;
    private final int steps;
    private final List<Activity> activity;
    private final Activity total;

    /**
     * @param activity by steps, the oldest first
     * @param since in the first step
     * @param until in the last step
     */
    ActivityCharts(List<Activity> activity, Instant since, Instant until, Duration step) {
        this.activity = activity;
        this.step = step;
        this.first = ActivityTable.slotOf(since, step);
        Instant last = ActivityTable.slotOf(until, step);
        this.steps = (int) (Duration.between(first, last).toSeconds() / step.toSeconds()) + 1;
        this.total = activity.stream().reduce(Activity.none(first), Activity::plus);
    }

    Activity total() {
        return total;
    }

    List<ChartView> all() {
        return List.of(rate(), volume(), durations());
    }

    private ChartView rate() {
        StringBuilder delivered = new StringBuilder();
        StringBuilder failed = new StringBuilder();
        for (Activity each : activity) {
            double share = each.failed() == 0 ? 0 : Math.max(0.03, 1 - each.successRate());
            bar(delivered, each, share, 1);
            bar(failed, each, 0, share);
        }
        return chart(
                "Success rate",
                Activities.rate(total),
                "Success rate: "
                        + Activities.rate(total)
                        + " of "
                        + Show.count(total.attempts(), "attempt", "attempts")
                        + worst(),
                List.of(
                        new ChartView.Shape("column good", "delivered", delivered.toString()),
                        new ChartView.Shape("column bad", "failed", failed.toString())),
                "100 %");
    }

    private String worst() {
        return activity.stream()
                .filter(each -> each.failed() > 0)
                .min((a, b) -> Double.compare(a.successRate(), b.successRate()))
                .map(each ->
                        ", lowest "
                                + Activities.rate(each)
                                + " in the "
                                + Show.duration(step)
                                + " from "
                                + Show.time(each.at()))
                .orElse("");
    }

    private ChartView volume() {
        long most = activity.stream().mapToLong(Activity::attempts).max().orElse(0);
        StringBuilder delivered = new StringBuilder();
        StringBuilder failed = new StringBuilder();
        for (Activity each : activity) {
            bar(delivered, each, 0, (double) each.delivered() / most);
            bar(failed, each, (double) each.delivered() / most, (double) each.attempts() / most);
        }
        return chart(
                "Attempts",
                Show.count(total.attempts()),
                Show.count(total.attempts(), "attempt", "attempts")
                        + ", "
                        + Show.count(total.failed())
                        + " failed; at most "
                        + Show.count(most)
                        + " in "
                        + Show.duration(step),
                List.of(
                        new ChartView.Shape("column", "delivered", delivered.toString()),
                        new ChartView.Shape("column bad", "failed", failed.toString())),
                Show.count(most));
    }

    private ChartView durations() {
        long top =
                roundedUp(
                        activity.stream()
                                .mapToLong(each -> each.quantileMillis(0.95))
                                .max()
                                .orElse(1));
        return chart(
                "Duration",
                "p95 " + Activities.quantile(total, 0.95),
                "Duration of attempts: half took at most "
                        + Activities.quantile(total, 0.5)
                        + ", 95 of 100 at most "
                        + Activities.quantile(total, 0.95)
                        + ", the longest "
                        + Activities.millis(total.longestMillis()),
                List.of(
                        new ChartView.Shape(
                                "line second",
                                "95 of 100",
                                line(top, each -> each.quantileMillis(0.95))),
                        new ChartView.Shape(
                                "line", "half", line(top, each -> each.quantileMillis(0.5)))),
                Activities.millis(top));
    }

    private ChartView chart(
            String title, String now, String label, List<ChartView.Shape> shapes, String top) {
        return new ChartView(title, now, label, shapes, top, Show.time(first), "now");
    }

    /** The next number above that is 1, 2 or 5 with zeros. */
    static long roundedUp(long number) {
        long power = 1;
        while (true) {
            for (long factor : new long[] {1, 2, 5}) {
                if (factor * power >= number) {
                    return factor * power;
                }
            }
            power *= 10;
        }
    }

    private double left(Activity each) {
        double index = (double) Duration.between(first, each.at()).toSeconds() / step.toSeconds();
        return index * WIDTH / steps;
    }

    /** A bar from one share of the height to another, both from below. */
    private void bar(StringBuilder path, Activity each, double from, double to) {
        if (to <= from) {
            return;
        }
        double width = WIDTH / steps;
        path.append(
                String.format(
                        Locale.ROOT,
                        "M%.2f %.2fh%.2fv%.2fh%.2fz",
                        left(each) + width * 0.1,
                        HEIGHT * (1 - to),
                        width * 0.8,
                        HEIGHT * (to - from),
                        -width * 0.8));
    }

    /** A level for each step; levels of steps side by side are joined. */
    private String line(long top, ToLongFunction<Activity> value) {
        ToDoubleFunction<Activity> y =
                each -> HEIGHT * (1 - (double) value.applyAsLong(each) / top);
        double width = WIDTH / steps;
        StringBuilder path = new StringBuilder();
        Instant end = Instant.MIN;
        for (Activity each : activity) {
            boolean joined = each.at().equals(end);
            path.append(
                    String.format(
                            Locale.ROOT,
                            joined ? "L%.2f %.2fh%.2f" : "M%.2f %.2fh%.2f",
                            left(each),
                            Math.max(0, y.applyAsDouble(each)),
                            width));
            end = each.at().plus(step);
        }
        return path.toString();
    }
}
