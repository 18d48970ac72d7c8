package dev.mailbell.delivery.endpoint;

import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.delivery.endpoint.DeliveryPermits.Kind;
import dev.mailbell.delivery.endpoint.DeliveryPermits.Permit;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The health of the endpoint behind one webhook: whether a POST may begin now, and how many at
 * once. The number of POSTs at once starts at 2 and grows with each success, so that an endpoint
 * that suddenly hangs holds no more permits than it used before. Safe for many threads.
 */
public final class EndpointHealth {
    private static final int INITIAL_CONCURRENCY = 2;

    /** A faster answer doubles the concurrency; an endpoint with an older open call is slow. */
    private static final Duration FAST = Duration.ofSeconds(1);

    /** Deliveries read ahead for each POST that may be under way. */
    private static final int PREFETCH_PER_CALL = 24;

    private static final int MIN_PREFETCH = 32;

    private static final Duration MAX_PAUSE = Duration.ofDays(1);

    /** How soon a probe is to begin after it was taken. */
    private static final Duration PROBE_BEGINS = Duration.ofSeconds(5);

    /** The pause after a call that failed by a local fault. */
    private static final Duration LOCAL_FAULT_PAUSE = Duration.ofSeconds(5);

    private final InstantSource clock;
    private final DeliverySettings settings;
    private final CircuitBreaker breaker;

    /** When each call under way began, the oldest first. */
    private final Map<Permit, Instant> calls = new LinkedHashMap<>();

    private @Nullable Instant pausedUntil;
    private boolean disabled;

    /** The last call failed, or there was none yet. */
    private boolean failing;

    /** How many calls may be under way; the configured limit applies besides. */
    private int concurrency = INITIAL_CONCURRENCY;

    /**
     * A POST under way.
     *
     * @param endpoint the health that counts it; the queue may have a new one by the end of it
     * @param fence the right to write its outcome
     * @param permit to be closed at its end
     * @param generation of the breaker when it began
     */
    public record Call(
            Webhook webhook,
            Delivery delivery,
            ShardFence fence,
            EndpointHealth endpoint,
            Permit permit,
            int generation) {}

    /**
     * The part of the health that is stored with the webhook.
     *
     * @param known the state of the breaker in the table, as this node knew it: where it is another
     *     one, another node has changed it, and that stands
     */
    public record Snapshot(
            @Nullable Instant pausedUntil, BreakerState breaker, BreakerState known) {
        /** Neither paused nor broken. */
        public static final Snapshot GOOD =
                new Snapshot(null, BreakerState.CLOSED, BreakerState.CLOSED);
    }

    public EndpointHealth(
            Webhook webhook,
            DeliverySettings settings,
            InstantSource clock,
            RandomGenerator random) {
        Health health = webhook.health();
        this.clock = clock;
        this.settings = settings;
        this.breaker =
                new CircuitBreaker(
                        clock, settings::breakerOpenFor, random, BreakerState.of(health));
        this.pausedUntil = clamped(health.pausedUntil(), clock);
        this.disabled = webhook.state() == State.DISABLED;
        this.failing = !health.healthy();
    }

    /** A time that was stored while the clock was wrong must not block an endpoint for years. */
    private static @Nullable Instant clamped(@Nullable Instant until, InstantSource clock) {
        Instant latest = clock.instant().plus(MAX_PAUSE);
        return until != null && until.isAfter(latest) ? latest : until;
    }

    /** Takes over the state of the row, which any node wrote; a pause is never shortened. */
    public synchronized void refresh(Webhook webhook) {
        disabled = webhook.state() == State.DISABLED;
        pause(clamped(webhook.health().pausedUntil(), clock));
        breaker.refresh(BreakerState.of(webhook.health()));
    }

    private void pause(@Nullable Instant until) {
        if (until != null && (pausedUntil == null || until.isAfter(pausedUntil))) {
            pausedUntil = until;
        }
    }

    public synchronized boolean isDisabled() {
        return disabled;
    }

    /** Whether the last call succeeded. */
    public synchronized boolean isHealthy() {
        return !failing;
    }

    /** Whether no call may begin now: the webhook is disabled or paused, or its breaker is open. */
    public synchronized boolean isBlocked() {
        return disabled || isPaused() || breaker.isOpen();
    }

    /** Whether the breaker is half-open, so that one node of all is to take the probe. */
    public synchronized boolean isProbeDue() {
        return !disabled && !isPaused() && breaker.isProbeDue();
    }

    /** The state of the breaker in the table, as this node knows it. */
    public synchronized BreakerState storedBreaker() {
        return breaker.stored();
    }

    /** Until when no other node may probe, when this one takes the probe now. */
    public Instant probeEnds() {
        return clock.instant()
                .plus(PROBE_BEGINS)
                .plus(settings.timeout())
                .truncatedTo(ChronoUnit.MICROS);
    }

    /** This node has taken the probe: one call may begin. */
    public synchronized void probeGranted(Webhook row) {
        BreakerState taken = BreakerState.of(row.health());
        Instant ends = taken.until();
        breaker.granted(taken, ends == null ? clock.instant() : ends.minus(settings.timeout()));
    }

    private boolean isPaused() {
        return pausedUntil != null && pausedUntil.isAfter(clock.instant());
    }

    /** Whether one more call may begin now. */
    synchronized boolean mayBegin() {
        return !disabled
                && !isPaused()
                && breaker.mayBegin()
                && calls.size() < Math.min(concurrency, settings.concurrency());
    }

    /** Whether the endpoint fails, or has a call under way that is older than a second. */
    synchronized boolean isSlow() {
        Iterator<Instant> begun = calls.values().iterator();
        return failing || (begun.hasNext() && begun.next().plus(FAST).isBefore(clock.instant()));
    }

    /**
     * Begins a call; empty when the endpoint or the permits allow none.
     *
     * @param fence the right to write the outcome
     * @param hasBacklog whether the table holds due deliveries that the queue does not
     */
    public synchronized <Q> Optional<Call> tryBegin(
            Webhook webhook,
            Delivery delivery,
            ShardFence fence,
            DeliveryPermits<Q> permits,
            Q queue,
            boolean hasBacklog) {
        if (!mayBegin()) {
            return Optional.empty();
        }
        Kind kind = isSlow() ? Kind.SLOW : hasBacklog ? Kind.BACKLOG : Kind.FRESH;
        return permits.tryAcquire(webhook.clientId(), queue, kind)
                .map(permit -> {
                    int generation = breaker.begin();
                    calls.put(permit, clock.instant());
                    return new Call(webhook, delivery, fence, this, permit, generation);
                });
    }

    /** How many deliveries are worth reading from the table at once, 32 or more. */
    public synchronized int prefetch() {
        return Math.max(MIN_PREFETCH, PREFETCH_PER_CALL * concurrency);
    }

    /**
     * Counts the end of a call.
     *
     * @param hasMore whether the queue has a delivery that could be sent now
     * @return the state to store with the webhook
     */
    public synchronized Snapshot ended(Call call, Attempt attempt, boolean hasMore) {
        calls.remove(call.permit());
        if (attempt.delivered()) {
            breaker.succeeded(call.generation());
            failing = false;
            boolean fast = attempt.duration().compareTo(FAST) < 0;
            int grown = fast ? concurrency * 2 : concurrency + 1;
            concurrency =
                    hasMore
                            ? Math.min(grown, settings.concurrency())
                            : Math.max(concurrency / 2, INITIAL_CONCURRENCY);
        } else {
            breaker.failed(call.generation(), attempt.unanswered());
            failing = true;
            concurrency = 1;
            if (attempt.asksForPause()) {
                pause(attempt.endedAt().plus(pauseFor(attempt.retryAfter())));
            }
            if (attempt.gone()) {
                disabled = true;
            }
        }
        return new Snapshot(pausedUntil, breaker.state(), breaker.stored());
    }

    private Duration pauseFor(@Nullable Duration asked) {
        Duration floor = settings.pauseFloor();
        Duration pause = asked == null || asked.compareTo(floor) < 0 ? floor : asked;
        return pause.compareTo(MAX_PAUSE) < 0 ? pause : MAX_PAUSE;
    }

    /** A call ended by a local fault, which says nothing about the endpoint: it pauses for 5 s. */
    public synchronized void abandoned(Call call) {
        dropped(call);
        pause(clock.instant().plus(LOCAL_FAULT_PAUSE));
    }

    /** A call did not begin or was cut, because its delivery is no longer this node's to send. */
    public synchronized void dropped(Call call) {
        calls.remove(call.permit());
        breaker.abandoned(call.generation());
    }
}
