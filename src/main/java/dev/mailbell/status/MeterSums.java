package dev.mailbell.status;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads from the meters of this node what has happened since its start. */
public final class MeterSums {
    private static final String PREFIX = "mailbell.";

    /** Outcomes of checks that are no failures. */
    private static final Set<String> GOOD = Set.of("mail", "nothing", "stale", "not_recorded");

    private final MeterRegistry meters;

    public MeterSums(MeterRegistry meters) {
        this.meters = meters;
    }

    /** The times by which first POSTs are counted, in milliseconds, the shortest first. */
    public static final List<Double> STEPS =
            List.of(5.0, 25.0, 100.0, 500.0, 2_000.0, 10_000.0, 30_000.0);

    History.Sums read(long nanoTime) {
        Timer arrival = meters.find(PREFIX + "arrival.to.commit").timer();
        return new History.Sums(
                nanoTime / 1e9,
                checks(outcome -> true),
                checks(outcome -> !GOOD.contains(outcome)),
                attempts(outcome -> outcome.equals("delivered")),
                attempts(outcome -> !outcome.equals("delivered")),
                posts(),
                oldestPending(),
                arrival == null ? 0 : arrival.count(),
                arrival == null ? 0 : arrival.totalTime(TimeUnit.SECONDS));
    }

    private double checks(Predicate<String> outcome) {
        return meters.find(PREFIX + "look").timers().stream()
                .filter(timer -> outcome.test(tag(timer.getId().getTag("outcome"))))
                .mapToDouble(Timer::count)
                .sum();
    }

    private double attempts(Predicate<String> outcome) {
        return meters.find(PREFIX + "deliveries.attempts").counters().stream()
                .filter(counter -> outcome.test(tag(counter.getId().getTag("outcome"))))
                .mapToDouble(Counter::count)
                .sum();
    }

    private static String tag(@Nullable String value) {
        return Objects.requireNonNullElse(value, "none");
    }

    private List<Double> posts() {
        List<Double> counts = new ArrayList<>();
        Timer timer = meters.find(PREFIX + "deliveries.commit.to.post").timer();
        if (timer == null) {
            return counts;
        }
        for (CountAtBucket bucket : timer.takeSnapshot().histogramCounts()) {
            if (bucket.bucket(TimeUnit.MILLISECONDS) <= STEPS.getLast()) {
                counts.add(bucket.count());
            }
        }
        counts.add((double) timer.count());
        return counts;
    }

    private double oldestPending() {
        Gauge gauge = meters.find(PREFIX + "deliveries.oldest.pending.seconds").gauge();
        double seconds = gauge == null ? 0 : gauge.value();
        return Double.isFinite(seconds) ? seconds : 0;
    }
}
