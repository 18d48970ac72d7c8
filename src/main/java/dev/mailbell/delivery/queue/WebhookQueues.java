package dev.mailbell.delivery.queue;

import dev.mailbell.delivery.endpoint.DeliveryPermits;
import dev.mailbell.delivery.endpoint.DeliverySettings;
import dev.mailbell.delivery.endpoint.EndpointHealth.Call;
import dev.mailbell.delivery.endpoint.EndpointHealth.Gate;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.DatabaseThrottle;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.delivery.outcome.OutcomeTable;
import dev.mailbell.delivery.outcome.OutcomeTable.Ended;
import dev.mailbell.delivery.outcome.OutcomeTable.Written;
import dev.mailbell.delivery.outcome.OutcomeWriter;
import dev.mailbell.delivery.outcome.OutcomeWriter.Completion;
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
 * All lanes: one for each webhook that is owed something. A fresh delivery is on its way as soon as
 * it is committed.
 */
public final class WebhookQueues {
    private static final Logger LOG = LoggerFactory.getLogger(WebhookQueues.class);
    private static final Duration TICK = Duration.ofMillis(500);

    /** How many ticks pass between two looks at the table for webhooks that no lane knows of. */
    private static final int TICKS_BETWEEN_SWEEPS = 10;

    /** What is due for so long was overlooked. */
    private static final Duration OVERDUE = Duration.ofSeconds(5);

    /** Sends one delivery; never throws. */
    interface Sender {
        Attempt send(Webhook webhook, Delivery delivery);
    }

    private final DeliveryStore deliveries;
    private final QueueRefiller refiller;
    private final Sender sender;
    private final DeliverySettings settings;
    private final BooleanSupplier held;
    private final OutcomeWriter completer;
    private final DeliveryMeters meters;
    private final OldestPending oldest;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<UUID, WebhookQueue> lanes = new ConcurrentHashMap<>();
    private final DeliveryPermits<WebhookQueue> slots = new DeliveryPermits<>();
    private final CommitSequence commits = new CommitSequence();
    private final Thread ticker = Thread.ofVirtual().name("lanes").unstarted(this::tick);
    private volatile boolean stopping;

    public WebhookQueues(
            DeliveryStore deliveries,
            OutcomeTable completions,
            WebhookStore webhooks,
            Sender sender,
            DeliverySettings settings,
            BooleanSupplier held,
            DeliveryMeters meters,
            InstantSource clock,
            RandomGenerator random,
            DatabaseThrottle writing) {
        this.deliveries = deliveries;
        this.refiller = new QueueRefiller(deliveries, webhooks, settings, clock, random);
        this.sender = sender;
        this.settings = settings;
        this.held = held;
        this.completer = new OutcomeWriter(completions, this::written, writing);
        this.clock = clock;
        this.random = random;
        this.meters = meters;
        this.oldest = new OldestPending(deliveries::oldestPending, clock);
        meters.show(slots, oldest);
    }

    public void start() {
        completer.start();
        ticker.start();
        oldest.start();
    }

    /**
     * Stops sending, waits for what is under way, and writes down how it ended; all within the
     * limit.
     */
    public void stop(Duration limit) throws InterruptedException {
        stopping = true;
        refiller.end();
        ticker.interrupt();
        oldest.stop();
        long begun = System.nanoTime();
        if (!slots.awaitNone(limit.toNanos())) {
            LOG.warn("Deliveries were still under way at the end; they will be made again");
        }
        completer.stop(limit.minusNanos(System.nanoTime() - begun).plusSeconds(1));
    }

    /** To be asked before a transaction that writes deliveries commits. */
    public long beginCommit() {
        return commits.next();
    }

    /**
     * Takes in deliveries that were committed just now.
     *
     * @param begun what {@link #beginCommit} said before the commit
     */
    public void offer(List<Delivery> fresh, long begun) {
        for (Delivery delivery : fresh) {
            meters.committed(delivery);
            WebhookQueue lane = lane(delivery.webhookId());
            while (!lane.offer(delivery, begun, clock.instant())) {
                lanes.remove(lane.webhookId(), lane);
                lane = lane(delivery.webhookId());
            }
            dispatch(lane);
        }
    }

    /** A webhook was changed, removed or enabled: what is known of it is read again. */
    public void changed(UUID webhookId) {
        WebhookQueue lane = lane(webhookId);
        lane.reset();
        dispatch(lane);
    }

    /** An account was removed: what was owed for it is no longer sent. */
    public void forgetAccount(UUID accountId) {
        lanes.values().forEach(lane -> lane.forgetAccount(accountId));
    }

    private WebhookQueue lane(UUID webhookId) {
        return lanes.computeIfAbsent(
                webhookId, id -> new WebhookQueue(id, commits, clock.instant()));
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
                    lanes.values().removeIf(lane -> lane.retire(now));
                    lanes.values().forEach(this::dispatch);
                } catch (RuntimeException e) {
                    failures.failed(e);
                }
                Thread.sleep(TICK);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more deliveries are begun");
        }
    }

    /** A commit whose answer was lost leaves deliveries that no lane was told of. */
    private void sweep() {
        deliveries.owed().forEach(this::lane);
        deliveries
                .overdue(clock.instant().minus(OVERDUE))
                .forEach((id, one) -> lane(id).doubt(one));
    }

    /**
     * Sends what may be sent now, each on a thread of its own, and reads the table where the lane
     * has room.
     */
    private void dispatch(WebhookQueue lane) {
        if (stopping || !held.getAsBoolean()) {
            return;
        }
        int era = lane.wantsRefill(clock.instant(), System.nanoTime());
        if (era >= 0) {
            Thread.startVirtualThread(() -> refill(lane, era));
        }
        for (Call call : lane.take(slots)) {
            Thread.startVirtualThread(() -> deliver(lane, call));
        }
    }

    private void refill(WebhookQueue lane, int era) {
        if (refiller.refill(lane, era)) {
            dispatch(lane);
        } else {
            lanes.remove(lane.webhookId(), lane);
        }
    }

    private void deliver(WebhookQueue lane, Call call) {
        boolean handedOver = false;
        try {
            if (!held.getAsBoolean()) {
                return;
            }
            meters.posting(call.delivery());
            Attempt attempt = sender.send(call.webhook(), call.delivery());
            meters.attempted(attempt);
            if (attempt.charged()) {
                Gate gate = call.receiver().ended(call, attempt, lane.hasReady());
                handedOver = true;
                completer.submit(completion(lane, call, attempt, gate));
            } else {
                LOG.warn(
                        "Delivery {} waits for our own network: {}",
                        call.delivery().id(),
                        attempt.error());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warn("Delivery {} could not be attempted", call.delivery().id(), e);
        } finally {
            if (!handedOver) {
                call.receiver().abandoned(call);
                lane.putBack(call.delivery());
            }
            release(call.kind());
        }
        dispatch(lane);
    }

    /** The slot goes to whoever waits for one and can use it. */
    private void release(DeliveryPermits.Kind kind) {
        Optional<WebhookQueue> next = slots.release(kind);
        while (next.isPresent()) {
            dispatch(next.get());
            next = slots.unused(next.get());
        }
    }

    private Completion completion(WebhookQueue lane, Call call, Attempt attempt, Gate gate) {
        Delivery delivery = call.delivery();
        Instant next = attempt.delivered() ? null : next(delivery, attempt);
        return new Completion(
                new Ended(call.webhook(), delivery, attempt, next, gate),
                () -> {
                    if (next == null) {
                        lane.done(delivery, clock.instant());
                    } else {
                        lane.later(delivery, next);
                    }
                    dispatch(lane);
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
        // What disables the webhook loses nothing: it waits until the webhook is enabled again.
        return next.orElse(attempt.gone() ? attempt.endedAt() : null);
    }

    private void written(Written written) {
        meters.disabled(written.disabled());
        for (Webhook webhook : written.changed()) {
            WebhookQueue lane = lanes.get(webhook.id());
            Webhook before = lane == null ? null : lane.webhook();
            if (before != null && before.state() != webhook.state()) {
                LOG.info(
                        "Webhook {} is {}",
                        webhook.id(),
                        webhook.state() == State.ENABLED
                                ? "taking deliveries again"
                                : webhook.state().wireName());
            }
            if (lane != null) {
                lane.know(webhook);
            }
        }
        offer(written.fresh(), CommitSequence.UNKNOWN);
    }
}
