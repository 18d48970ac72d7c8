package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Headers;
import dev.mailbell.webhook.Webhook.Previous;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The row of a webhook as its queue knows it, and the health of the endpoint. Any node may change
 * the row: then it is {@linkplain #outdate outdated}, and nothing is sent until it is read again.
 * Safe for many threads.
 */
final class AttachedWebhook {
    private final Function<Webhook, EndpointHealth> newHealth;
    private @Nullable Webhook row;
    private @Nullable EndpointHealth endpoint;

    /** How often the row was to be read, and the last of these times that it was. */
    private int asked = 1;

    private int answered;

    /** A thread takes the probe of the endpoint's breaker. */
    private boolean takingProbe;

    AttachedWebhook(Function<Webhook, EndpointHealth> newHealth) {
        this.newHealth = newHealth;
    }

    /** The row; null when none was read. */
    synchronized @Nullable Webhook row() {
        return row;
    }

    /** Whether the last POST to the endpoint succeeded; false before the row is read. */
    synchronized boolean isHealthy() {
        return endpoint != null && endpoint.isHealthy();
    }

    /** Whether nothing may be sent to the endpoint now. */
    synchronized boolean isBlocked() {
        return endpoint != null && endpoint.isBlocked();
    }

    synchronized boolean isDisabled() {
        return endpoint != null && endpoint.isDisabled();
    }

    /** How many deliveries to read at once: as many as the endpoint can take soon. */
    synchronized int capacity() {
        return endpoint == null
                ? WebhookQueue.MAX_DELIVERIES
                : Math.min(WebhookQueue.MAX_DELIVERIES, endpoint.prefetch());
    }

    /** Whether the row is to be read. */
    synchronized boolean isOutdated() {
        return answered != asked;
    }

    /** The row may have changed: it is read before anything more is sent. */
    synchronized void outdate() {
        asked++;
    }

    /** To be called before the row is read, and handed to {@link #read}. */
    synchronized int asked() {
        return asked;
    }

    /**
     * The row was read.
     *
     * @return whether its client has changed it since the last time: then the deliveries are to be
     *     read again, too
     */
    synchronized boolean read(Webhook fresh, int asked) {
        answered = asked;
        Webhook before = row;
        row = fresh;
        if (before != null && endpoint != null && !isChangedByClient(before, fresh)) {
            endpoint.refresh(fresh);
            return false;
        }
        endpoint = newHealth.apply(fresh);
        return before != null;
    }

    private static boolean isChangedByClient(Webhook before, Webhook fresh) {
        return !before.updatedAt().equals(fresh.updatedAt())
                || !before.url().equals(fresh.url())
                || !Arrays.equals(before.secret(), fresh.secret())
                || !Arrays.equals(sealed(before.headers()), sealed(fresh.headers()))
                || !Objects.equals(end(before.previous()), end(fresh.previous()));
    }

    private static byte @Nullable [] sealed(@Nullable Headers headers) {
        return headers == null ? null : headers.sealed();
    }

    private static @Nullable Object end(@Nullable Previous previous) {
        return previous == null ? null : previous.until();
    }

    /**
     * This node wrote the health in the row; one that was never read is read when it is needed, and
     * one that its client has changed as well is read again.
     */
    synchronized void written(Webhook changed) {
        if (row == null || endpoint == null) {
            return;
        }
        if (isChangedByClient(row, changed)) {
            outdate();
        } else {
            row = changed;
            endpoint.refresh(changed);
        }
    }

    /** Whether the table has another row: a change of which this node got no notice. */
    synchronized boolean differsFrom(Webhook fresh) {
        return row != null
                && (isChangedByClient(row, fresh)
                        || row.state() != fresh.state()
                        || !row.health().equals(fresh.health()));
    }

    /** Forgets all. */
    synchronized void forget() {
        row = null;
        endpoint = null;
        asked++;
    }

    /** Begins a call; empty when the row is outdated, or the endpoint or the permits allow none. */
    synchronized Optional<Call> tryBegin(
            Delivery delivery,
            ShardFence fence,
            DeliveryPermits<WebhookQueue> permits,
            WebhookQueue queue,
            boolean hasBacklog) {
        return row == null || endpoint == null || isOutdated()
                ? Optional.empty()
                : endpoint.tryBegin(row, delivery, fence, permits, queue, hasBacklog);
    }

    /**
     * Whether the caller is to take the probe of the endpoint's breaker now.
     *
     * @return the health to hand to {@link #probeTaken}
     */
    synchronized Optional<EndpointHealth> beginProbe() {
        if (takingProbe || endpoint == null || isOutdated() || !endpoint.isProbeDue()) {
            return Optional.empty();
        }
        takingProbe = true;
        return Optional.of(endpoint);
    }

    /**
     * The caller has tried to take the probe.
     *
     * @param fresh the new row; null when another node has changed it, so that it is to be read
     */
    synchronized void probeTaken(EndpointHealth probed, @Nullable Webhook fresh) {
        takingProbe = false;
        if (fresh == null) {
            outdate();
        } else if (probed == endpoint) {
            probed.probeGranted(fresh);
            written(fresh);
        }
    }

    /** The table could not be asked for the probe. */
    synchronized void probeFailed() {
        takingProbe = false;
    }
}
