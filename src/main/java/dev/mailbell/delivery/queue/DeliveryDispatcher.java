package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.DeliveryPermits.Permit;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.endpoint.EndpointHealth;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.endpoint.EndpointHealth.Snapshot;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.AttemptOutcome;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.outcome.OutcomeTable.WebhookChanges;
import dev.mailbell.delivery.outcome.OutcomeWriter;
import dev.mailbell.delivery.outcome.OutcomeWriter.PendingOutcome;
import dev.mailbell.fairness.ActingClient;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.State;
import dev.mailbell.webhook.WebhookStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the deliveries of all queues, one queue for each webhook with pending deliveries, each
 * attempt on a thread of its own. Schedules the next attempt of a failed delivery. A fresh delivery
 * is sent as soon as it is committed.
 */
public final class DeliveryDispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryDispatcher.class);
    private static final Duration TICK = Duration.ofMillis(500);

    /** Ticks between two searches of the table for webhooks that have no queue. */
    private static final int TICKS_BETWEEN_SWEEPS = 10;

    /** A delivery that is due for so long was overlooked. */
    private static final Duration OVERDUE = Duration.ofSeconds(5);

    private final DeliveryStore deliveries;
    private final QueueRefiller refiller;
    private final AttemptExecutor executor;
    private final DeliverySettings settings;
    private final BooleanSupplier leaseHeld;
    private final OutcomeWriter outcomes;
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
     * @param leaseHeld whether this node may send deliveries now
     */
    public DeliveryDispatcher(
            DeliveryStore deliveries,
            OutcomeTable outcomeTable,
            WebhookStore webhooks,
            AttemptExecutor executor,
            DeliverySettings settings,
            BooleanSupplier leaseHeld,
            DeliveryMeters meters,
            InstantSource clock,
            RandomGenerator random,
            DatabaseThrottle throttle) {
        this.deliveries = deliveries;
        this.refiller = new QueueRefiller(deliveries, webhooks, clock);
        this.executor = executor;
        this.settings = settings;
        this.leaseHeld = leaseHeld;
        this.outcomes = new OutcomeWriter(outcomeTable, this::webhooksChanged, throttle);
        this.clock = clock;
        this.random = random;
        this.meters = meters;
        this.oldest = new OldestPending(deliveries::oldestPending, clock);
        meters.register(permits, oldest);
    }

    public void start() {
        outcomes.start();
        ticker.start();
        oldest.start();
    }

    /** Begins no more calls, waits for those under way and writes their outcomes. */
    public void stop(Duration limit) throws InterruptedException {
        stopping = true;
        refiller.stop();
        ticker.interrupt();
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

    /** A webhook was changed, deleted or enabled: its row and its deliveries are read again. */
    public void webhookChanged(UUID webhookId) {
        WebhookQueue queue = queue(webhookId, ActingClient.current());
        queue.reset();
        dispatch(queue);
        executor.forgetSecrets(webhookId);
    }

    /** A webhook was disabled in the table: its queue, if there is one, forgets what it holds. */
    public void webhookDisabled(UUID webhookId) {
        WebhookQueue queue = queues.get(webhookId);
        if (queue != null) {
            queue.reset();
        }
        executor.forgetSecrets(webhookId);
    }

    /** An account was deleted: its deliveries are no longer sent. */
    public void forgetAccount(UUID accountId) {
        queues.values().forEach(queue -> queue.forgetAccount(accountId));
    }

    private WebhookQueue queue(UUID webhookId, UUID client) {
        if (!client.equals(ActingClient.NODE)) {
            permits.notice(client);
        }
        return queues.computeIfAbsent(
                webhookId,
                id -> new WebhookQueue(id, client, commits, this::health, clock.instant()));
    }

    private EndpointHealth health(Webhook webhook) {
        return new EndpointHealth(webhook, settings, clock, random);
    }

    private void tick() {
        ReadFailures failures = new ReadFailures(LOG, "The table of deliveries cannot be read now");
        try {
            for (int tick = 0; !stopping; tick++) {
                try {
                    if (tick % TICKS_BETWEEN_SWEEPS == 0) {
                        sweep();
                        failures.succeeded();
                    }
                    Instant now = clock.instant();
                    queues.values().removeIf(queue -> queue.retire(now));
                    queues.values().forEach(this::dispatch);
                } catch (RuntimeException e) {
                    failures.failed(e);
                }
                Thread.sleep(TICK);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more deliveries are begun");
        }
    }

    /** Finds deliveries of commits whose answer was lost: they were offered to no queue. */
    private void sweep() {
        deliveries.webhooksWithPending().forEach(this::queue);
        deliveries
                .overdue(clock.instant().minus(OVERDUE))
                .forEach((id, delivery) -> queue(id, ActingClient.NODE).markStale(delivery));
    }

    /** Starts a thread for each delivery that may be sent now, and one that reads the table. */
    private void dispatch(WebhookQueue queue) {
        if (stopping || !leaseHeld.getAsBoolean()) {
            return;
        }
        int epoch = queue.beginRefill(clock.instant(), System.nanoTime());
        if (epoch >= 0) {
            Thread.startVirtualThread(() -> refill(queue, epoch));
        }
        for (Call call : queue.begin(permits)) {
            Thread.startVirtualThread(() -> deliver(queue, call));
        }
    }

    private void refill(WebhookQueue queue, int epoch) {
        if (refiller.refill(queue, epoch)) {
            dispatch(queue);
        } else {
            queues.remove(queue.webhookId(), queue);
        }
    }

    private void deliver(WebhookQueue queue, Call call) {
        try (Permit _ = call.permit()) {
            attempt(queue, call);
        }
        dispatch(queue);
    }

    private void attempt(WebhookQueue queue, Call call) {
        boolean attempted = false;
        try {
            if (!leaseHeld.getAsBoolean()) {
                return;
            }
            meters.posting(call.delivery());
            Attempt attempt = executor.attempt(call.webhook(), call.delivery());
            meters.attempted(attempt);
            if (attempt.countsAsAttempt()) {
                Snapshot health = queue.ended(call, attempt);
                attempted = true;
                outcomes.submit(outcome(queue, call, attempt, health));
            } else {
                LOG.warn(
                        "Delivery {} was not sent because of a fault of the local network: {}",
                        call.delivery().id(),
                        attempt.error());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warn("Delivery {} could not be attempted", call.delivery().id(), e);
        } finally {
            if (!attempted) {
                queue.abandoned(call);
            }
        }
    }

    private PendingOutcome outcome(
            WebhookQueue queue, Call call, Attempt attempt, Snapshot health) {
        Delivery delivery = call.delivery();
        Instant next = attempt.delivered() ? null : next(delivery, attempt);
        return new PendingOutcome(
                new AttemptOutcome(call.webhook(), delivery, attempt, next, health),
                () -> {
                    if (next == null) {
                        queue.completed(delivery, clock.instant());
                    } else {
                        queue.retryAt(delivery, next);
                    }
                    dispatch(queue);
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

    private void webhooksChanged(WebhookChanges changes) {
        meters.disabled(changes.disabled());
        for (Webhook webhook : changes.changed()) {
            WebhookQueue queue = queues.get(webhook.id());
            Webhook before = queue == null ? null : queue.webhook();
            if (before != null && before.state() != webhook.state()) {
                LOG.info(
                        "Webhook {} is {}",
                        webhook.id(),
                        webhook.state() == State.ENABLED
                                ? "taking deliveries again"
                                : webhook.state().wireName());
            }
            if (queue != null) {
                queue.webhookUpdated(webhook);
            }
        }
        changes.fresh().forEach((client, fresh) -> offer(client, fresh, CommitSequence.UNKNOWN));
    }
}
