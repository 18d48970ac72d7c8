package dev.mailbell.api.webhook;

import dev.mailbell.api.request.DurationFormat;
import dev.mailbell.delivery.log.Activity;
import dev.mailbell.delivery.log.ActivityTable.Pending;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The activity of a webhook over time, as clients see it.
 *
 * @param since the beginning of the first step
 * @param total of all steps
 * @param steps those with attempts, the oldest first
 */
record ActivityView(
        Instant since, Instant until, String step, Waiting pending, Total total, List<Step> steps) {

    /**
     * @param count pending deliveries, 10,000 at most
     * @param oldestCreatedAt null when there is none
     */
    record Waiting(int count, @Nullable Instant oldestCreatedAt) {}

    /**
     * @param successRate delivered ÷ attempts; null without attempts
     * @param durationMillis null without attempts
     */
    record Total(
            long attempts,
            long delivered,
            long failed,
            @Nullable Double successRate,
            @Nullable Durations durationMillis) {}

    record Step(Instant at, long attempts, long delivered, long failed, Durations durationMillis) {}

    record Durations(long mean, long p50, long p95, long p99, long longest) {
        static Durations of(Activity activity) {
            return new Durations(
                    activity.meanMillis(),
                    activity.quantileMillis(0.5),
                    activity.quantileMillis(0.95),
                    activity.quantileMillis(0.99),
                    activity.longestMillis());
        }
    }

    static ActivityView of(
            Instant since, Instant until, Duration step, Pending pending, List<Activity> steps) {
        Activity all = steps.stream().reduce(Activity.none(since), Activity::plus);
        boolean any = all.attempts() > 0;
        return new ActivityView(
                since,
                until,
                DurationFormat.seconds(step),
                new Waiting(pending.count(), pending.oldest()),
                new Total(
                        all.attempts(),
                        all.delivered(),
                        all.failed(),
                        any ? all.successRate() : null,
                        any ? Durations.of(all) : null),
                steps.stream()
                        .map(each ->
                                new Step(
                                        each.at(),
                                        each.attempts(),
                                        each.delivered(),
                                        each.failed(),
                                        Durations.of(each)))
                        .toList());
    }
}
