package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.delivery.endpoint.DeliveryPermits.Permit;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.log.WebhookActivity;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.AttemptOutcome;
import dev.mailbell.delivery.outcome.OutcomeWriter;
import dev.mailbell.delivery.outcome.OutcomeWriter.PendingOutcome;
import dev.mailbell.delivery.post.AttemptExecutor;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Runs the calls of all queues, each on a thread of its own: makes the attempt, decides when a
 * failed delivery is attempted again, and submits the outcome. A call whose delivery is no longer
 * this node's to send does not begin. Safe for many threads.
 */
final class CallRunner {
    private static final Logger LOG = LoggerFactory.getLogger(CallRunner.class);

    private final AttemptExecutor executor;
    private final DeliverySettings settings;
    private final Ownership ownership;
    private final OutcomeWriter outcomes;
    private final DeliveryMeters meters;
    private final WebhookActivity activity;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Consumer<WebhookQueue> dispatch;

    /** The thread of each call that may be posting. */
    private final Map<Permit, Posting> posting = new ConcurrentHashMap<>();

    private record Posting(Thread thread, int shard) {}

    /**
     * @param dispatch called with a queue that may begin its next call
     */
    CallRunner(
            AttemptExecutor executor,
            DeliverySettings settings,
            Ownership ownership,
            OutcomeWriter outcomes,
            DeliveryMeters meters,
            WebhookActivity activity,
            InstantSource clock,
            RandomGenerator random,
            Consumer<WebhookQueue> dispatch) {
        this.executor = executor;
        this.settings = settings;
        this.ownership = ownership;
        this.outcomes = outcomes;
        this.meters = meters;
        this.activity = activity;
        this.clock = clock;
        this.random = random;
        this.dispatch = dispatch;
    }

    void start(WebhookQueue queue, Call call) {
        Thread.startVirtualThread(() -> run(queue, call));
    }

    /** Cuts the POSTs of these shards that are under way; they are no attempts. */
    void cut(Set<Integer> shards) {
        for (Posting post : posting.values()) {
            if (shards.contains(post.shard())) {
                post.thread().interrupt();
            }
        }
    }

    private void run(WebhookQueue queue, Call call) {
        try (Permit permit = call.permit()) {
            Attempt attempt = null;
            posting.put(permit, new Posting(Thread.currentThread(), call.delivery().shard()));
            try {
                attempt = attempt(call);
            } finally {
                posting.remove(permit);
                // The POST has ended; an interrupt that comes too late must not lose its outcome.
                boolean cut = Thread.interrupted();
                ended(queue, call, attempt, cut);
            }
        }
        dispatch.accept(queue);
    }

    /** Makes the attempt; null when it did not begin, or failed by a fault of this host. */
    private @Nullable Attempt attempt(Call call) {
        Delivery delivery = call.delivery();
        try {
            if (!isOurs(call)) {
                return null;
            }
            meters.posting(delivery);
            Attempt attempt = executor.attempt(call.webhook(), delivery);
            if (attempt.countsAsAttempt()) {
                meters.attempted(attempt);
                activity.attempted(call.webhook().id(), attempt);
                return attempt;
            }
            if (isOurs(call)) {
                meters.attempted(attempt);
                LOG.warn(
                        "Delivery {} was not sent because of a fault of the local network: {}",
                        delivery.id(),
                        attempt.error());
            } else {
                LOG.debug("Delivery {} was cut: another node sends it", delivery.id());
            }
        } catch (RuntimeException e) {
            // The HTTP client may throw when the thread is interrupted.
            LOG.atLevel(isOurs(call) ? Level.WARN : Level.DEBUG)
                    .setCause(e)
                    .log("Delivery {} could not be attempted", delivery.id());
        }
        return null;
    }

    private void ended(
            WebhookQueue queue, Call call, @Nullable Attempt attempt, boolean interrupted) {
        if (attempt != null) {
            Snapshot health = queue.calls().ended(call, attempt);
            try {
                outcomes.submit(outcome(queue, call, attempt, health));
            } catch (InterruptedException e) {
                // Delivery stops: the delivery is sent again.
                Thread.currentThread().interrupt();
                queue.calls().dropped(call.delivery());
            }
        } else if (interrupted || !isOurs(call)) {
            queue.calls().cut(call);
        } else {
            queue.calls().abandoned(call);
        }
    }

    /** Whether this node owns the shard since the call was begun. */
    private boolean isOurs(Call call) {
        return call.fence().equals(BeginFence.of(ownership, call.delivery().shard()));
    }

    private PendingOutcome outcome(
            WebhookQueue queue, Call call, Attempt attempt, Snapshot health) {
        Delivery delivery = call.delivery();
        Instant next = attempt.delivered() ? null : next(delivery, attempt);
        return new PendingOutcome(
                new AttemptOutcome(call.webhook(), delivery, call.fence(), attempt, next, health),
                () -> {
                    if (next == null) {
                        queue.calls().completed(delivery, clock.instant());
                    } else {
                        queue.calls().retryAt(delivery, next);
                    }
                    dispatch.accept(queue);
                },
                () -> {
                    meters.fenced(1);
                    queue.calls().dropped(delivery);
                    // The row does not have what this attempt said of the endpoint's health.
                    queue.reset();
                    dispatch.accept(queue);
                });
    }

    private @Nullable Instant next(Delivery delivery, Attempt attempt) {
        Optional<Instant> next =
                RetrySchedule.next(
                                settings.retrySchedule(),
                                delivery.attempts() + 1,
                                attempt.retryAfter(),
                                random)
                        .map(attempt.endedAt()::plus);
        // A 410 disables the webhook: the delivery stays pending until it is enabled again.
        return next.orElse(attempt.gone() ? attempt.endedAt() : null);
    }
}
