package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.Attempt.Fault;
import dev.mailbell.delivery.outbox.Delivery;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The metrics of deliveries. No label names a webhook, because their number is not bounded. */
public final class DeliveryMeters {
    private static final Duration[] STEPS = {
        Duration.ofMillis(5),
        Duration.ofMillis(25),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30)
    };

    /** Deliveries whose time from commit to POST is taken at once; more are not timed. */
    private static final int MAX_TIMED = 8192;

    private final MeterRegistry registry;
    private final LongSupplier nanoTime;
    private final Counter delivered;
    private final Map<Fault, Counter> failed = new EnumMap<>(Fault.class);
    private final Timer attempts;
    private final Timer commitToPost;
    private final Counter merged;
    private final Counter disabled;
    private final Counter fenced;

    /** When each timed delivery was committed, by the monotonic clock; the oldest first. */
    private final Map<UUID, Long> committed =
            new LinkedHashMap<>() {
                @Override
                protected boolean removeEldestEntry(Map.Entry<UUID, Long> eldest) {
                    return size() > MAX_TIMED;
                }
            };

    public DeliveryMeters(MeterRegistry registry, LongSupplier nanoTime) {
        this.registry = registry;
        this.nanoTime = nanoTime;
        this.delivered = outcome("delivered");
        for (Fault fault : Fault.values()) {
            failed.put(fault, outcome(fault.name().toLowerCase(Locale.ROOT)));
        }
        this.attempts = timer("deliveries.attempt", "POSTs of deliveries, successful or not");
        this.commitToPost =
                timer(
                        "deliveries.commit.to.post",
                        "From the commit of a delivery to its first POST, unless it waits for an older delivery");
        this.merged =
                counter(
                        "deliveries.merged",
                        "Deliveries that were merged into a later one of their mailbox");
        this.fenced = fenced(registry);
        this.disabled =
                counter(
                        "webhooks.disabled",
                        "Webhooks disabled because they failed for too long or answered 410");
    }

    /** What is written for deliveries and dropped, because another node owns their shard. */
    private static Counter fenced(MeterRegistry registry) {
        return Counter.builder("fenced.writes")
                .description("Writes that were dropped because another node owns the shard")
                .tag("of", "delivery")
                .register(registry);
    }

    private Counter outcome(String outcome) {
        return Counter.builder("deliveries.attempts")
                .description("POSTs of deliveries, by outcome")
                .tag("outcome", outcome)
                .register(registry);
    }

    private Timer timer(String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(STEPS)
                .register(registry);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    /** Registers the gauges of values that are counted elsewhere. */
    void register(DeliveryPermits<?> permits, OldestPending oldest) {
        Gauge.builder("deliveries.under.way", permits, DeliveryPermits::taken)
                .description("POSTs of deliveries under way")
                .strongReference(true)
                .register(registry);
        Gauge.builder("deliveries.oldest.pending.seconds", oldest, OldestPending::seconds)
                .description(
                        "Age of the oldest delivery that is pending or deferred; 0 when none is")
                .strongReference(true)
                .register(registry);
    }

    /** A delivery was committed now; one that waits for an older one is not timed. */
    void committed(Delivery delivery) {
        if (delivery.first()) {
            long now = nanoTime.getAsLong();
            synchronized (committed) {
                committed.put(delivery.id(), now);
            }
        }
    }

    /** The POST of a delivery begins. */
    void posting(Delivery delivery) {
        Long since;
        synchronized (committed) {
            since = committed.remove(delivery.id());
        }
        if (since != null) {
            commitToPost.record(nanoTime.getAsLong() - since, TimeUnit.NANOSECONDS);
        }
    }

    void attempted(Attempt attempt) {
        Fault fault = attempt.fault();
        (fault == null ? delivered : failed.getOrDefault(fault, delivered)).increment();
        attempts.record(attempt.duration());
    }

    public void merged(int deliveries) {
        merged.increment(deliveries);
    }

    /** Writes were dropped because another node owns their shard. */
    public void fenced(int writes) {
        fenced.increment(writes);
    }

    void disabled(int webhooks) {
        disabled.increment(webhooks);
    }
}
