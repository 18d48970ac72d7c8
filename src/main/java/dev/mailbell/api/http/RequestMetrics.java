package dev.mailbell.api.http;

import io.javalin.http.Context;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Set;

/**
 * Counts requests and their durations. Every label has a bounded set of values: unknown methods and
 * paths share one value each.
 */
public final class RequestMetrics {
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30)
    };
    private static final double NANOS_A_MILLI = 1e6;

    private final Meter.MeterProvider<Timer> timers;

    public RequestMetrics(MeterRegistry meters) {
        this.timers =
                Timer.builder("http.requests")
                        .description("Requests to the HTTP API, by route and status")
                        .serviceLevelObjectives(BUCKETS)
                        .withRegistry(meters);
    }

    void record(Context context, float millis) {
        String method = context.req().getMethod();
        timers.withTags(
                        "method",
                        METHODS.contains(method) ? method : "other",
                        "route",
                        Routes.template(context),
                        "status",
                        Integer.toString(context.statusCode()))
                .record(Duration.ofNanos((long) (millis * NANOS_A_MILLI)));
    }
}
