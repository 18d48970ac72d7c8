package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookStore;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reads for a lane what the table holds of its webhook: the webhook itself when the lane does not
 * know it, and the next page of deliveries. Three lanes at once, and of webhooks that are not
 * healthy one, {@linkplain DatabaseThrottle throttled}. Safe for many threads.
 */
final class QueueRefiller {
    private static final Logger LOG = LoggerFactory.getLogger(QueueRefiller.class);

    /** Lanes that read the table at once. */
    private static final int AT_ONCE = 3;

    private final DeliveryStore deliveries;
    private final WebhookStore webhooks;
    private final DeliverySettings settings;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Semaphore permits = new Semaphore(AT_ONCE, true);
    private final DatabaseThrottle throttle = new DatabaseThrottle();

    QueueRefiller(
            DeliveryStore deliveries,
            WebhookStore webhooks,
            DeliverySettings settings,
            InstantSource clock,
            RandomGenerator random) {
        this.deliveries = deliveries;
        this.webhooks = webhooks;
        this.settings = settings;
        this.clock = clock;
        this.random = random;
    }

    /**
     * Does the reading that {@link WebhookQueue#wantsRefill} asked for, and answers the lane.
     *
     * @return whether the webhook exists
     */
    boolean refill(WebhookQueue lane, int era) {
        try {
            if (lane.webhook() == null && !meet(lane, era)) {
                lane.end();
                return false;
            }
            if (lane.isClosed()) {
                lane.refillSkipped(era);
            } else if (lane.isHealthy()) {
                permits.acquire();
                try {
                    lane.refill(era, page(lane, era));
                } finally {
                    permits.release();
                }
            } else {
                lane.refill(era, throttle.run(() -> page(lane, era)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            lane.refillSkipped(era);
        } catch (RuntimeException e) {
            int failed = lane.refillFailed(era, System.nanoTime());
            // The first one is news; the same again at every retry is not.
            LOG.atLevel(failed == 1 ? Level.WARN : Level.DEBUG)
                    .log(
                            "Deliveries of webhook {} cannot be read now: {}",
                            lane.webhookId(),
                            e.getMessage());
        }
        return true;
    }

    /** Makes the webhook known to its lane; false when there is none. */
    private boolean meet(WebhookQueue lane, int era) throws InterruptedException {
        permits.acquire();
        try {
            Optional<Webhook> webhook = webhooks.find(lane.webhookId());
            webhook.ifPresent(found ->
                    lane.meet(era, found, new EndpointHealth(found, settings, clock, random)));
            return webhook.isPresent();
        } finally {
            permits.release();
        }
    }

    private DeliveryStore.Page page(WebhookQueue lane, int era) {
        lane.refillBegins(era);
        return deliveries.due(lane.webhookId(), clock.instant(), lane.room());
    }

    /** From now on no reading rests. */
    void end() {
        throttle.end();
    }
}
