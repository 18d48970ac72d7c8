package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.fairness.FairSemaphore;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reads the table for a queue: the row of the webhook when the queue has none, and a page of due
 * deliveries. Three threads read at once for healthy endpoints; for the others one does,
 * {@linkplain DatabaseThrottle throttled}. The clients whose webhooks wait take turns. Safe for
 * many threads.
 */
final class QueueRefiller {
    private static final Logger LOG = LoggerFactory.getLogger(QueueRefiller.class);

    /** Threads that read the table at once. */
    private static final int READERS = 3;

    /** The page of a queue that was reset meanwhile. */
    private static final DeliveryStore.Page NONE =
            new DeliveryStore.Page(List.of(), Set.of(), false, null);

    private final DeliveryStore deliveries;
    private final WebhookStore webhooks;
    private final InstantSource clock;
    private final FairSemaphore permits = new FairSemaphore(READERS);
    private final DatabaseThrottle throttle = new DatabaseThrottle();

    QueueRefiller(DeliveryStore deliveries, WebhookStore webhooks, InstantSource clock) {
        this.deliveries = deliveries;
        this.webhooks = webhooks;
        this.clock = clock;
    }

    /**
     * Reads what {@link WebhookQueue#beginRefill} asked for, and reports to the queue.
     *
     * @return whether the webhook exists
     */
    boolean refill(WebhookQueue queue, int epoch) {
        try {
            if (queue.webhook() == null && !attach(queue, epoch)) {
                queue.webhookDeleted();
                return false;
            }
            if (queue.isBlocked()) {
                queue.refillSkipped();
            } else if (queue.isHealthy()) {
                permits.acquire(queue.client());
                try {
                    queue.refill(epoch, page(queue, epoch));
                } finally {
                    permits.release();
                }
            } else {
                queue.refill(epoch, throttle.run(queue.client(), () -> page(queue, epoch)));
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

    /** Reads the row of the webhook for its queue; false when there is none. */
    private boolean attach(WebhookQueue queue, int epoch) throws InterruptedException {
        permits.acquire(queue.client());
        try {
            Optional<Webhook> webhook = webhooks.find(queue.webhookId());
            webhook.ifPresent(found -> queue.attach(epoch, found));
            return webhook.isPresent();
        } finally {
            permits.release();
        }
    }

    private DeliveryStore.Page page(WebhookQueue queue, int epoch) {
        if (!queue.refillStarted(epoch)) {
            return NONE;
        }
        return deliveries.due(queue.webhookId(), clock.instant(), queue.capacity());
    }

    /** Reads that wait for the throttle go on without a rest. */
    void stop() {
        throttle.end();
    }
}
