package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ShardBits;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.fairness.ActingClient;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookHealthTable;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Searches the table for webhooks with pending deliveries of this node's shards that have no queue
 * or are not in it: when shards were acquired, when a webhook changed, and every 5 s, because the
 * answer to a commit or the notice of a change may be lost. One thread searches.
 */
final class PendingSearch {
    private static final Logger LOG = LoggerFactory.getLogger(PendingSearch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(500);

    /** A delivery that is due for so long was overlooked. */
    private static final Duration OVERDUE = Duration.ofSeconds(5);

    /** Webhooks whose rows are compared at once, and searched for at once. */
    private static final int SOME = 500;

    /** Webhooks that wait to be searched for at most; with more, all are. */
    private static final int MAX_CHANGED = 10_000;

    private final DeliveryStore deliveries;
    private final WebhookHealthTable webhooks;
    private final Ownership ownership;
    private final InstantSource clock;
    private final Collection<WebhookQueue> queues;
    private final BiFunction<UUID, UUID, WebhookQueue> queueOf;
    private final Consumer<WebhookQueue> dispatch;
    private final Semaphore wake = new Semaphore(0);
    private final AtomicBoolean acquired = new AtomicBoolean();
    private final Set<UUID> changed = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;
    private final Thread thread = Thread.ofVirtual().name("pending-search").unstarted(this::run);

    /** The queues whose rows are yet to be compared; only the thread uses it. */
    private List<WebhookQueue> toCompare = List.of();

    /**
     * @param queues all queues of the node, as there are at any time
     * @param queueOf answers the queue of a webhook and its client, a new one if there is none
     * @param dispatch called with a queue that may begin calls or read the table
     */
    PendingSearch(
            DeliveryStore deliveries,
            WebhookHealthTable webhooks,
            Ownership ownership,
            InstantSource clock,
            Collection<WebhookQueue> queues,
            BiFunction<UUID, UUID, WebhookQueue> queueOf,
            Consumer<WebhookQueue> dispatch) {
        this.deliveries = deliveries;
        this.webhooks = webhooks;
        this.ownership = ownership;
        this.clock = clock;
        this.queues = queues;
        this.queueOf = queueOf;
        this.dispatch = dispatch;
    }

    void start() {
        thread.start();
    }

    /** Ends after the search that is under way. */
    void stop() {
        stopping = true;
        wake.release();
    }

    /** This node owns more shards: all queues read their pending deliveries. */
    void acquired() {
        acquired.set(true);
        wake.release();
    }

    /** A webhook without a queue was changed: it may have pending deliveries to send now. */
    void changed(UUID webhookId) {
        if (changed.size() < MAX_CHANGED) {
            changed.add(webhookId);
        } else {
            acquired.set(true);
        }
        wake.release();
    }

    private void run() {
        ReadFailures failures = new ReadFailures(LOG, "The table of deliveries cannot be read now");
        long last = System.nanoTime() - INTERVAL.toNanos();
        try {
            while (true) {
                long left = last + INTERVAL.toNanos() - System.nanoTime();
                boolean woken = wake.tryAcquire(left, TimeUnit.NANOSECONDS);
                wake.drainPermits();
                if (stopping) {
                    return;
                }
                try {
                    if (acquired.get() || !woken) {
                        last = System.nanoTime();
                        searchAll();
                    } else {
                        searchChanged();
                    }
                    failures.succeeded();
                } catch (RuntimeException e) {
                    if (stopping) {
                        return;
                    }
                    failures.failed(e);
                    Thread.sleep(PAUSE);
                    wake.release();
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("Pending deliveries are no longer searched for");
        }
    }

    private void searchAll() {
        Set<Integer> owned = ownership.shards();
        if (owned.isEmpty()) {
            return;
        }
        boolean more = acquired.getAndSet(false);
        changed.clear();
        try {
            if (more) {
                deliveries.startIdsAfterLogs();
            }
            byte[] shards = ShardBits.of(owned);
            found(deliveries.webhooksWithPending(shards), more);
            deliveries
                    .overdue(shards, clock.instant().minus(OVERDUE))
                    .forEach((webhook, delivery) ->
                            queueOf.apply(webhook, ActingClient.NODE).markStale(delivery));
            compareSome();
        } catch (RuntimeException e) {
            acquired.set(true);
            throw e;
        }
    }

    private void searchChanged() {
        List<UUID> some = changed.stream().limit(SOME).toList();
        Set<Integer> owned = ownership.shards();
        if (some.isEmpty() || owned.isEmpty()) {
            return;
        }
        some.forEach(changed::remove);
        try {
            found(deliveries.webhooksWithPending(ShardBits.of(owned), some), true);
        } catch (RuntimeException e) {
            changed.addAll(some);
            throw e;
        }
        if (!changed.isEmpty()) {
            wake.release();
        }
    }

    /**
     * @param mark whether queues that have read the table before read it again
     */
    private void found(Map<UUID, UUID> clients, boolean mark) {
        clients.forEach((webhook, client) -> {
            WebhookQueue queue = queueOf.apply(webhook, client);
            if (mark) {
                queue.markBacklog();
                dispatch.accept(queue);
            }
        });
    }

    /** Compares the rows that some queues know with the table; all queues take turns. */
    private void compareSome() {
        if (toCompare.isEmpty()) {
            toCompare = new ArrayList<>(queues);
        }
        List<WebhookQueue> some = toCompare.subList(0, Math.min(SOME, toCompare.size()));
        toCompare = toCompare.subList(some.size(), toCompare.size());
        Map<UUID, WebhookQueue> known = new HashMap<>();
        for (WebhookQueue queue : some) {
            if (queue.attached().row() != null) {
                known.put(queue.webhookId(), queue);
            }
        }
        if (known.isEmpty()) {
            return;
        }
        for (Webhook row : webhooks.find(known.keySet())) {
            WebhookQueue queue = known.remove(row.id());
            if (queue != null && queue.attached().differsFrom(row)) {
                queue.outdate();
                dispatch.accept(queue);
            }
        }
        // Those that are left were deleted.
        known.values()
                .forEach(queue -> {
                    queue.outdate();
                    dispatch.accept(queue);
                });
    }
}
