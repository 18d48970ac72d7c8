package dev.mailbell.delivery;

import dev.mailbell.delivery.Completer.Completion;
import dev.mailbell.delivery.DeliveryStore.Outcome;
import dev.mailbell.delivery.Webhook.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All lanes: one for each webhook that is owed something. A fresh delivery is on its way as soon as
 * it is committed.
 */
final class Lanes {
    private static final Logger LOG = LoggerFactory.getLogger(Lanes.class);

    /** POSTs at once, over all webhooks. */
    private static final int IN_FLIGHT = 512;

    private static final Duration TICK = Duration.ofMillis(500);

    /** How many ticks pass between two looks at the table for webhooks that no lane knows of. */
    private static final int TICKS_BETWEEN_SWEEPS = 10;

    /** Sends one delivery; never throws. */
    interface Sender {
        Attempt send(Webhook webhook, Delivery delivery);
    }

    private final DeliveryStore deliveries;
    private final WebhookStore webhooks;
    private final Sender sender;
    private final Deliveries.Settings settings;
    private final Completer completer;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Map<UUID, Lane> lanes = new ConcurrentHashMap<>();
    private final Map<UUID, Webhook> known = new ConcurrentHashMap<>();
    private final Semaphore inFlight = new Semaphore(IN_FLIGHT);
    private final Thread ticker = Thread.ofVirtual().name("lanes").unstarted(this::tick);
    private volatile boolean stopping;

    Lanes(
            DeliveryStore deliveries,
            WebhookStore webhooks,
            Sender sender,
            Deliveries.Settings settings,
            InstantSource clock,
            RandomGenerator random) {
        this.deliveries = deliveries;
        this.webhooks = webhooks;
        this.sender = sender;
        this.settings = settings;
        this.completer = new Completer(deliveries);
        this.clock = clock;
        this.random = random;
    }

    void start() {
        completer.start();
        ticker.start();
    }

    /**
     * Stops sending, waits for what is under way, and writes down how it ended; all within the
     * limit.
     */
    void stop(Duration limit) throws InterruptedException {
        stopping = true;
        ticker.interrupt();
        long begun = System.nanoTime();
        if (inFlight.tryAcquire(IN_FLIGHT, limit.toNanos(), TimeUnit.NANOSECONDS)) {
            inFlight.release(IN_FLIGHT);
        } else {
            LOG.warn("Deliveries were still under way at the end; they will be made again");
        }
        completer.stop(limit.minusNanos(System.nanoTime() - begun).plusSeconds(1));
    }

    /** Takes in deliveries that were committed just now. */
    void offer(List<Delivery> fresh) {
        for (Delivery delivery : fresh) {
            Lane lane = lane(delivery.webhookId());
            lane.offer(delivery);
            dispatch(lane);
        }
    }

    /** A webhook was changed, removed or enabled: what is known of it is read again. */
    void changed(UUID webhookId) {
        known.remove(webhookId);
        Lane lane = lane(webhookId);
        lane.reset();
        dispatch(lane);
    }

    /** An account was removed: what was owed for it is no longer sent. */
    void forgetAccount(UUID accountId) {
        lanes.values().forEach(lane -> lane.forgetAccount(accountId));
    }

    private Lane lane(UUID webhookId) {
        return lanes.computeIfAbsent(webhookId, Lane::new);
    }

    private void tick() {
        try {
            for (int tick = 0; !stopping; tick++) {
                try {
                    if (tick % TICKS_BETWEEN_SWEEPS == 0) {
                        deliveries.owed().forEach(this::lane);
                    }
                    lanes.values().removeIf(Lane::isIdle);
                    lanes.values().forEach(this::dispatch);
                } catch (RuntimeException e) {
                    LOG.warn("The table of deliveries cannot be read now: {}", e.getMessage());
                }
                Thread.sleep(TICK);
            }
        } catch (InterruptedException stopped) {
            LOG.debug("No more deliveries are begun");
        }
    }

    /**
     * Sends what may be sent now, each on a thread of its own, and reads the table where the lane
     * has room.
     */
    private void dispatch(Lane lane) {
        if (stopping) {
            return;
        }
        if (lane.wantsRefill()) {
            Thread.startVirtualThread(() -> refill(lane));
        }
        for (Delivery delivery : lane.take(clock.instant(), settings.concurrency())) {
            Thread.startVirtualThread(() -> deliver(lane, delivery));
        }
    }

    private void refill(Lane lane) {
        try {
            lane.refill(deliveries.pending(lane.webhookId(), null, Lane.WINDOW));
        } catch (RuntimeException e) {
            lane.refillFailed();
            LOG.warn(
                    "Deliveries of webhook {} cannot be read now: {}",
                    lane.webhookId(),
                    e.getMessage());
            return;
        }
        dispatch(lane);
    }

    private void deliver(Lane lane, Delivery delivery) {
        try {
            inFlight.acquire();
            try {
                Optional<Webhook> webhook = webhook(delivery.webhookId());
                if (stopping || webhook.isEmpty() || webhook.get().state() == State.DISABLED) {
                    // Nothing is sent; what is owed stays in the table, and a change of the webhook
                    // makes a new lane.
                    lane.putBack(delivery);
                    lanes.remove(lane.webhookId(), lane);
                    return;
                }
                Attempt attempt = sender.send(webhook.get(), delivery);
                if (!attempt.charged()) {
                    LOG.warn(
                            "Delivery {} waits for our own network: {}",
                            delivery.id(),
                            attempt.error());
                    lane.putBack(delivery);
                    return;
                }
                completer.submit(completion(lane, webhook.get(), delivery, attempt));
            } finally {
                inFlight.release();
            }
        } catch (InterruptedException e) {
            lane.putBack(delivery);
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            lane.putBack(delivery);
            LOG.warn("Delivery {} could not be attempted", delivery.id(), e);
        }
    }

    /** A webhook as last read; a removed one is empty, and its lane ends. */
    private Optional<Webhook> webhook(UUID id) {
        Webhook cached = known.get(id);
        if (cached != null) {
            return Optional.of(cached);
        }
        Optional<Webhook> stored = webhooks.find(id);
        stored.ifPresent(webhook -> known.put(id, webhook));
        return stored;
    }

    private Completion completion(Lane lane, Webhook webhook, Delivery delivery, Attempt attempt) {
        Instant ended = attempt.at().plus(attempt.duration());
        AttemptStore.Made made =
                new AttemptStore.Made(delivery.id(), delivery.attempts() + 1, attempt);
        if (attempt.delivered()) {
            int status = attempt.status() == null ? 0 : attempt.status();
            return new Completion(
                    new Outcome.Delivered(delivery.id(), ended, status, made),
                    () -> {
                        lane.done(delivery);
                        becomes(webhook, State.ENABLED);
                        dispatch(lane);
                    });
        }
        Optional<Instant> next =
                RetrySchedule.next(
                                settings.retrySchedule(),
                                delivery.attempts() + 1,
                                attempt.retryAfter(),
                                random)
                        .map(ended::plus);
        Outcome outcome =
                new Outcome.NotDelivered(
                        delivery.id(),
                        ended,
                        attempt.status(),
                        String.valueOf(attempt.error()),
                        next.orElse(null),
                        made);
        return new Completion(
                outcome,
                () -> {
                    next.ifPresentOrElse(at -> lane.retry(delivery, at), () -> lane.done(delivery));
                    becomes(webhook, State.FAILING);
                    dispatch(lane);
                });
    }

    /** Writes whether the webhook takes what it is sent, if that is news. */
    private void becomes(Webhook webhook, State state) {
        State before = state == State.ENABLED ? State.FAILING : State.ENABLED;
        if (webhook.state() != before) {
            return;
        }
        try {
            if (webhooks.move(webhook.id(), before, state)) {
                LOG.info(
                        "Webhook {} is {}",
                        webhook.id(),
                        state == State.ENABLED ? "taking deliveries again" : "failing");
            }
            known.remove(webhook.id());
        } catch (RuntimeException e) {
            LOG.warn(
                    "The state of webhook {} cannot be written now: {}",
                    webhook.id(),
                    e.getMessage());
        }
    }
}
