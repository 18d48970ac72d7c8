package dev.mailbell.delivery.queue;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.log.WebhookActivity;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.outcome.OutcomeTable.WebhookChanges;
import dev.mailbell.delivery.outcome.OutcomeWriter;
import dev.mailbell.delivery.post.AttemptExecutor;
import dev.mailbell.fairness.ActingClient;
import dev.mailbell.network.Deadline;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.WebhookHealthTable;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the deliveries of all queues, one queue for each webhook with pending deliveries of this
 * node's shards. A fresh delivery is sent as soon as it is committed.
 */
public final class DeliveryDispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryDispatcher.class);

    private final QueueRefiller refiller;
    private final PendingSearch search;
    private final CallRunner calls;
    private final AttemptExecutor executor;
    private final DeliverySettings settings;
    private final Ownership ownership;
    private final OutcomeWriter outcomes;
    private final DatabaseThrottle throttle;
    private final DeliveryMeters meters;
    private final OldestPending oldest;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<UUID, WebhookQueue> queues = new ConcurrentHashMap<>();
    private final DeliveryPermits<WebhookQueue> permits = new DeliveryPermits<>(this::dispatch);
    private final CommitSequence commits = new CommitSequence();
    private final Thread ticker = Thread.ofVirtual().name("webhook-queues").unstarted(this::tick);
    private volatile boolean stopping;

    /**
     * @param ownership the shards whose deliveries this node sends
     * @param activity counts the attempts
     */
    public DeliveryDispatcher(
            DeliveryStore deliveries,
            OutcomeTable outcomeTable,
            WebhookHealthTable webhooks,
            AttemptExecutor executor,
            DeliverySettings settings,
            Ownership ownership,
            DeliveryMeters meters,
            InstantSource clock,
            RandomGenerator random,
            DatabaseThrottle throttle,
            WebhookActivity activity) {
        this.refiller = new QueueRefiller(deliveries, webhooks, ownership, clock);
        this.search =
                new PendingSearch(
                        deliveries,
                        webhooks,
                        ownership,
                        clock,
                        queues.values(),
                        this::queue,
                        this::dispatch);
        this.executor = executor;
        this.settings = settings;
        this.ownership = ownership;
        this.throttle = throttle;
        this.outcomes = new OutcomeWriter(outcomeTable, this::webhooksChanged, throttle);
        this.calls =
                new CallRunner(
                        executor,
                        settings,
                        ownership,
                        outcomes,
                        meters,
                        activity,
                        clock,
                        random,
                        this::dispatch);
        this.clock = clock;
        this.random = random;
        this.meters = meters;
        this.oldest = new OldestPending(deliveries::oldestPending, clock);
        meters.register(permits, oldest);
    }

    public void start() {
        outcomes.start();
        ticker.start();
        search.start();
        oldest.start();
    }

    /** Begins no more calls, waits for those under way and writes their outcomes. */
    public void stop(Duration limit) throws InterruptedException {
        stopping = true;
        refiller.stop();
        ticker.interrupt();
        search.stop();
        oldest.stop();
        long begun = System.nanoTime();
        if (!permits.awaitNone(limit.toNanos())) {
            LOG.warn("Deliveries were still under way at the end; they will be made again");
        }
        outcomes.stop(limit.minusNanos(System.nanoTime() - begun).plusSeconds(1));
    }

    /** To be called before a transaction that writes deliveries commits. */
    public long beginCommit() {
        return commits.next();
    }

    /**
     * Adds deliveries that were committed just now to their queues.
     *
     * @param client whose webhooks they are for
     * @param begun the answer of {@link #beginCommit} before the commit
     */
    public void offer(UUID client, List<Delivery> fresh, long begun) {
        for (Delivery delivery : fresh) {
            meters.committed(delivery);
            WebhookQueue queue = queue(delivery.webhookId(), client);
            while (!queue.offer(delivery, begun, clock.instant())) {
                queues.remove(queue.webhookId(), queue);
                queue = queue(delivery.webhookId(), client);
            }
            dispatch(queue);
        }
    }

    /** This node owns these shards now: their pending deliveries are read. */
    public void acquired() {
        search.acquired();
    }

    /**
     * This node releases shards, of which nothing begins any more: forgets what waits, and returns
     * when no POST of them is under way and the outcomes are written. POSTs that are under way at
     * the deadline are cut; the next owner makes them again.
     */
    public void released(Set<Integer> shards, Deadline deadline) throws InterruptedException {
        queues.values().forEach(queue -> queue.released(shards));
        boolean none = true;
        try (DatabaseThrottle.Hurry _ = throttle.hurry()) {
            for (WebhookQueue queue : queues.values()) {
                none &= queue.calls().awaitNoneUnderWay(shards, deadline);
            }
        }
        if (!none) {
            calls.cut(shards);
        }
    }

    /** The row of a webhook or its deliveries were changed: they are read before more is sent. */
    public void webhookChanged(UUID webhookId) {
        WebhookQueue queue = queues.get(webhookId);
        if (queue != null) {
            queue.markBacklog();
        }
        executor.forgetSecrets(webhookId);
        webhookHealthChanged(webhookId);
    }

    /**
     * A node, maybe this one, changed the health of an endpoint in the row of its webhook: the row
     * is read before more is sent. What the queue holds stays, unless the row says that more has
     * changed.
     */
    public void webhookHealthChanged(UUID webhookId) {
        WebhookQueue queue = queues.get(webhookId);
        if (queue == null) {
            search.changed(webhookId);
        } else {
            queue.outdate();
            dispatch(queue);
        }
    }

    /** A webhook was disabled in the table: its queue, if there is one, forgets what it holds. */
    public void webhookDisabled(UUID webhookId) {
        WebhookQueue queue = queues.get(webhookId);
        if (queue != null) {
            queue.reset();
        }
        executor.forgetSecrets(webhookId);
    }

    /** Any webhook may have been changed, deleted or enabled. */
    public void allWebhooksChanged() {
        queues.keySet().forEach(this::webhookChanged);
    }

    /** Accounts were deleted: their deliveries are no longer sent. */
    public void forgetAccounts(Set<UUID> accounts) {
        queues.values().forEach(queue -> queue.forgetAccounts(accounts));
    }

    private WebhookQueue queue(UUID webhookId, UUID client) {
        if (!client.equals(ActingClient.NODE)) {
            permits.notice(client);
        }
        return queues.computeIfAbsent(
                webhookId,
                id ->
                        new WebhookQueue(
                                id, client, commits, ownership, this::health, clock.instant()));
    }

    private EndpointHealth health(Webhook webhook) {
        return new EndpointHealth(webhook, settings, clock, random);
    }

    private void tick() {
        try {
            while (!stopping) {
                Instant now = clock.instant();
                try {
                    queues.values().removeIf(queue -> queue.retire(now));
                    queues.values().forEach(this::dispatch);
                } catch (RuntimeException e) {
                    LOG.error("The queues of webhooks could not be looked through", e);
                }
                Thread.sleep(settings.tick());
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more deliveries are begun");
        }
    }

    /**
     * Starts a thread for each delivery that may be sent now, one that reads the table, and one
     * that takes the probe of an open breaker.
     */
    private void dispatch(WebhookQueue queue) {
        if (stopping || !ownership.isActive()) {
            return;
        }
        int epoch = queue.beginRefill(clock.instant(), System.nanoTime());
        if (epoch >= 0) {
            Thread.startVirtualThread(() -> refill(queue, epoch));
        }
        for (Call call : queue.begin(permits)) {
            calls.start(queue, call);
        }
        queue.beginProbe()
                .ifPresent(endpoint -> Thread.startVirtualThread(() -> takeProbe(queue, endpoint)));
    }

    private void refill(WebhookQueue queue, int epoch) {
        if (refiller.refill(queue, epoch)) {
            dispatch(queue);
        } else {
            queues.remove(queue.webhookId(), queue);
            executor.forgetSecrets(queue.webhookId());
        }
    }

    private void takeProbe(WebhookQueue queue, EndpointHealth endpoint) {
        if (refiller.takeProbe(queue, endpoint)) {
            dispatch(queue);
        }
    }

    private void webhooksChanged(WebhookChanges changes) {
        meters.disabled(changes.disabled());
        for (Webhook webhook : changes.changed()) {
            WebhookQueue queue = queues.get(webhook.id());
            Webhook before = queue == null ? null : queue.attached().row();
            if (before != null && before.state() != webhook.state()) {
                WebhookLog.changed(webhook);
            }
            if (queue != null) {
                queue.attached().written(webhook);
            }
        }
        changes.fresh().forEach((client, fresh) -> offer(client, fresh, CommitSequence.UNKNOWN));
    }
}
