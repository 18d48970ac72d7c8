package dev.mailbell.delivery.endpoint;

import dev.mailbell.delivery.endpoint.DeliveryPermits.Kind;
import dev.mailbell.delivery.log.Attempt;
import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.webhook.Webhook;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the one who receives a webhook: whether it may be sent to now, and how much at
 * once. It begins with little at once and gets more with every success, so that one who hangs all
 * of a sudden holds no more than it could use before. Safe for many threads.
 */
public final class EndpointHealth {
    private static final int AT_ONCE_AT_FIRST = 2;

    /** Who answers faster gets more quickly; whose calls are older counts among the slow. */
    private static final Duration FAST = Duration.ofSeconds(1);

    /** So many are read ahead for each that may be under way. */
    private static final int HELD_FOR_EACH = 24;

    private static final int LEAST_HELD = 32;

    /** An hour and its jitter. */
    private static final Duration LONGEST_BREAK = Duration.ofMinutes(72);

    private static final Duration LONGEST_PAUSE = Duration.ofDays(1);
    private static final Duration WAIT_FOR_OURSELVES = Duration.ofSeconds(5);

    private final InstantSource clock;
    private final DeliverySettings settings;
    private final CircuitBreaker breaker;
    private final Map<Object, Instant> calls = new LinkedHashMap<>();
    private @Nullable Instant pausedUntil;
    private boolean disabled;

    /** The last call failed, or there was none yet. */
    private boolean failing;

    private int atOnce = AT_ONCE_AT_FIRST;

    /** A call that began, to be told how it ended. */
    public record Call(
            Webhook webhook, Delivery delivery, EndpointHealth receiver, Kind kind, int begun) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** What is kept of it in the table of webhooks. */
    public record Gate(
            @Nullable Instant pausedUntil, @Nullable Instant breakerUntil, int breakerOpenings) {}

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
                        clock,
                        settings::breakerOpenFor,
                        random,
                        clamped(health.breakerUntil(), LONGEST_BREAK, clock),
                        health.breakerOpenings());
        this.pausedUntil = clamped(health.pausedUntil(), LONGEST_PAUSE, clock);
        this.disabled = webhook.state() == State.DISABLED;
        this.failing = !health.healthy();
    }

    /** What was written while a clock was wrong must not keep a receiver waiting for years. */
    private static @Nullable Instant clamped(
            @Nullable Instant until, Duration longest, InstantSource clock) {
        Instant latest = clock.instant().plus(longest);
        return until != null && until.isAfter(latest) ? latest : until;
    }

    /** Takes over what the table says now; a pause is never shortened. */
    public synchronized void know(Webhook webhook) {
        disabled = webhook.state() == State.DISABLED;
        pause(webhook.health().pausedUntil());
    }

    private void pause(@Nullable Instant until) {
        if (until != null && (pausedUntil == null || until.isAfter(pausedUntil))) {
            pausedUntil = until;
        }
    }

    public synchronized boolean isDisabled() {
        return disabled;
    }

    /** Whether it took its latest delivery. */
    public synchronized boolean isHealthy() {
        return !failing;
    }

    /** Whether nothing at all may be sent now, however little. */
    public synchronized boolean isClosed() {
        return disabled || isPaused() || !breaker.mayBegin();
    }

    private boolean isPaused() {
        return pausedUntil != null && pausedUntil.isAfter(clock.instant());
    }

    /** Whether one more call may begin now. */
    synchronized boolean mayBegin() {
        return !isClosed() && calls.size() < Math.min(atOnce, settings.concurrency());
    }

    /** Whether its calls must not use up what others need: it fails, or has not answered lately. */
    synchronized boolean isSlow() {
        Iterator<Instant> begun = calls.values().iterator();
        return failing || (begun.hasNext() && begun.next().plus(FAST).isBefore(clock.instant()));
    }

    /**
     * Begins a call if the receiver and the slots allow one more; null when they do not.
     *
     * @param backlog whether the lane has more than it can hold
     */
    public synchronized <Q> @Nullable Call tryBegin(
            Webhook webhook, Delivery delivery, DeliveryPermits<Q> slots, Q lane, boolean backlog) {
        Kind kind = isSlow() ? Kind.SLOW : backlog ? Kind.BACKLOG : Kind.FRESH;
        if (!mayBegin() || !slots.take(lane, kind)) {
            return null;
        }
        Call call = new Call(webhook, delivery, this, kind, breaker.begin());
        calls.put(call, clock.instant());
        return call;
    }

    /** How many deliveries are worth holding in memory for it, 32 or more. */
    public synchronized int appetite() {
        return Math.max(LEAST_HELD, atOnce * HELD_FOR_EACH);
    }

    /**
     * A call ended.
     *
     * @param more whether there is more to send right now
     */
    public synchronized Gate ended(Call call, Attempt attempt, boolean more) {
        calls.remove(call);
        if (attempt.delivered()) {
            breaker.succeeded(call.begun());
            failing = false;
            boolean fast = attempt.duration().compareTo(FAST) < 0;
            int grown = fast ? atOnce * 2 : atOnce + 1;
            atOnce =
                    more
                            ? Math.min(grown, settings.concurrency())
                            : Math.max(atOnce / 2, AT_ONCE_AT_FIRST);
        } else {
            breaker.failed(call.begun(), attempt.silent());
            failing = true;
            atOnce = 1;
            if (attempt.overloaded()) {
                pause(attempt.endedAt().plus(pauseFor(attempt.retryAfter())));
            }
            if (attempt.gone()) {
                disabled = true;
            }
        }
        return new Gate(pausedUntil, breaker.openUntil(), breaker.openings());
    }

    private Duration pauseFor(@Nullable Duration asked) {
        Duration floor = settings.pauseFloor();
        Duration pause = asked == null || asked.compareTo(floor) < 0 ? floor : asked;
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }

    /** A call came to nothing by our own fault: all wait a little before the next. */
    public synchronized void abandoned(Call call) {
        calls.remove(call);
        breaker.abandoned(call.begun());
        pause(clock.instant().plus(WAIT_FOR_OURSELVES));
    }
}
