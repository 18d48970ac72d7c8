package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.delivery.endpoint.BreakerState;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.fairness.FairSemaphore;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookHealthTable;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reads the table for a queue: the row of the webhook when the queue has none or an outdated one,
 * and a page of due deliveries of the shards that this node owns. Three threads read at once for
 * healthy endpoints; for the others one does, {@linkplain DatabaseThrottle throttled}. The clients
 * whose webhooks wait take turns. Safe for many threads.
 */
final class QueueRefiller {
    private static final Logger LOG = LoggerFactory.getLogger(QueueRefiller.class);

    /** Threads that read the table at once. */
    private static final int READERS = 3;

    /** The page of a queue that was reset meanwhile, and of a node without shards. */
    private static final DeliveryStore.Page NONE =
            new DeliveryStore.Page(List.of(), Set.of(), false, null);

    private final DeliveryStore deliveries;
    private final WebhookHealthTable webhooks;
    private final Ownership ownership;
    private final InstantSource clock;
    private final FairSemaphore permits = new FairSemaphore(READERS);
    private final DatabaseThrottle throttle = new DatabaseThrottle();

    QueueRefiller(
            DeliveryStore deliveries,
            WebhookHealthTable webhooks,
            Ownership ownership,
            InstantSource clock) {
        this.deliveries = deliveries;
        this.webhooks = webhooks;
        this.ownership = ownership;
        this.clock = clock;
    }

    /**
     * Reads what {@link WebhookQueue#beginRefill} asked for, and reports to the queue.
     *
     * @return whether the webhook exists
     */
    boolean refill(WebhookQueue queue, int epoch) {
        try {
            if (queue.attached().isOutdated() && !attach(queue, epoch)) {
                queue.webhookDeleted();
                return false;
            }
            if (!queue.wantsPage(epoch)) {
                queue.refillSkipped();
            } else if (queue.attached().isHealthy()) {
                permits.acquire(queue.client());
                try {
                    refillNow(queue, epoch);
                } finally {
                    permits.release();
                }
            } else {
                refillThrottled(queue);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            queue.refillSkipped();
        } catch (RuntimeException e) {
            int failures = queue.refillFailed(System.nanoTime());
            // Retries that fail like the first read are not worth a warning each.
            LOG.atLevel(failures == 1 ? Level.WARN : Level.DEBUG)
                    .log(
                            "Deliveries of webhook {} cannot be read now: {}",
                            queue.webhookId(),
                            e.getMessage());
        }
        return true;
    }

    /** Reads a page for an endpoint that is not healthy, unless it becomes healthy first. */
    private void refillThrottled(WebhookQueue queue) {
        if (!queue.throttledRead().begin()) {
            return;
        }
        try {
            throttle.run(
                    queue.client(),
                    () -> {
                        int epoch = queue.throttledRead().end(clock.instant(), System.nanoTime());
                        if (epoch >= 0) {
                            refillNow(queue, epoch);
                        }
                        return true;
                    });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            queue.throttledRead().cancelled();
        }
    }

    /** Reads the row of the webhook for its queue; false when there is none. */
    private boolean attach(WebhookQueue queue, int epoch) throws InterruptedException {
        permits.acquire(queue.client());
        try {
            int asked = queue.attached().asked();
            Optional<Webhook> webhook = webhooks.find(queue.webhookId());
            webhook.ifPresent(found -> queue.attach(epoch, asked, found));
            return webhook.isPresent();
        } finally {
            permits.release();
        }
    }

    /** A node whose heartbeat is late owns no shard for a moment; the table is read after that. */
    private void refillNow(WebhookQueue queue, int epoch) {
        Set<Integer> shards = ownership.shards();
        if (shards.isEmpty()) {
            queue.refillSkipped();
        } else {
            queue.refill(epoch, page(queue, epoch, shards));
        }
    }

    private DeliveryStore.Page page(WebhookQueue queue, int epoch, Set<Integer> shards) {
        if (!queue.refillStarted(epoch)) {
            return NONE;
        }
        return deliveries.due(
                queue.webhookId(),
                ShardBits.of(shards),
                clock.instant(),
                queue.attached().capacity());
    }

    /**
     * Takes the probe that {@link WebhookQueue#beginProbe} asked for, unless another node has taken
     * it, and reports to the queue.
     *
     * @return whether the table could be asked
     */
    boolean takeProbe(WebhookQueue queue, EndpointHealth endpoint) {
        BreakerState known = endpoint.storedBreaker();
        try {
            permits.acquire(queue.client());
            try {
                Optional<Webhook> taken =
                        webhooks.takeProbe(
                                queue.webhookId(),
                                known.until(),
                                known.openings(),
                                endpoint.probeEnds());
                queue.attached().probeTaken(endpoint, taken.orElse(null));
                return true;
            } finally {
                permits.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            queue.attached().probeFailed();
        } catch (RuntimeException e) {
            LOG.debug("The probe of webhook {} cannot be taken now", queue.webhookId(), e);
            queue.attached().probeFailed();
        }
        return false;
    }

    /** Reads that wait for the throttle go on without a rest. */
    void stop() {
        throttle.end();
    }
}
