package dev.mailbell.delivery.endpoint;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Stops calls to a failing endpoint, with exponential back-off. Closed: calls begin and are
 * counted. Open: no call begins. Half-open, once the time has passed: exactly one call begins, the
 * probe; its success closes the breaker and its failure opens it for twice as long, an hour at
 * most. The state is stored with the webhook and shared by all nodes; the node that {@linkplain
 * #granted takes the probe} in the table makes it. Not safe for many threads.
 */
final class CircuitBreaker {
    /** Unanswered calls in a row that open the breaker. */
    private static final int MAX_UNANSWERED = 5;

    /** Calls of the last five minutes from which the share of failures counts. */
    private static final int MIN_CALLS = 10;

    private static final double MAX_FAILURE_SHARE = 0.7;
    private static final Duration MAX_OPEN = Duration.ofHours(1);

    /** The longest time that it stays open: an hour and its jitter. */
    private static final Duration MAX_STORED = Duration.ofMinutes(72);

    private static final double JITTER = 0.2;

    private final InstantSource clock;
    private final Supplier<Duration> openFor;
    private final RandomGenerator random;
    private final RecentCalls recent = new RecentCalls();

    private @Nullable Instant openUntil;
    private int openings;
    private int unanswered;
    private boolean probing;

    /** Until when the probe that this node took may begin; null: it has taken none. */
    private @Nullable Instant probeBeginsBy;

    /** The state in the table, as last read. */
    private BreakerState stored;

    /** Rises whenever the breaker opens or closes; the end of an older call is ignored. */
    private int generation;

    /**
     * @param openFor how long it stays open the first time
     */
    CircuitBreaker(
            InstantSource clock,
            Supplier<Duration> openFor,
            RandomGenerator random,
            BreakerState stored) {
        this.clock = clock;
        this.openFor = openFor;
        this.random = random;
        this.stored = stored;
        take(stored);
    }

    /** A time that was stored while the clock was wrong must not block an endpoint for years. */
    private void take(BreakerState state) {
        Instant until = state.until();
        Instant latest = clock.instant().plus(MAX_STORED);
        openings = state.openings();
        openUntil = openings == 0 ? null : until != null && until.isAfter(latest) ? latest : until;
    }

    /** Another node, or this one, has stored this state. */
    void refresh(BreakerState row) {
        if (row.equals(stored)) {
            return;
        }
        stored = row;
        if (!row.equals(state())) {
            take(row);
            nextGeneration();
        }
    }

    /** Whether a call may begin now. */
    boolean mayBegin() {
        return openings == 0
                || (!probing && probeBeginsBy != null && clock.instant().isBefore(probeBeginsBy));
    }

    /** Whether a node is to take the probe now. */
    boolean isProbeDue() {
        return !mayBegin()
                && !probing
                && (openUntil == null || !openUntil.isAfter(clock.instant()));
    }

    /** Whether no call may begin now, not even the probe. */
    boolean isOpen() {
        return !mayBegin() && !isProbeDue();
    }

    /**
     * This node has taken the probe: the state in the table says that no other one begins before
     * that time.
     *
     * @param beginsBy until when the call is to begin, so that it ends in time
     */
    void granted(BreakerState row, Instant beginsBy) {
        stored = row;
        openUntil = row.until();
        probeBeginsBy = beginsBy;
    }

    /**
     * A call begins.
     *
     * @return the generation to report its end with
     */
    int begin() {
        if (!mayBegin()) {
            throw new IllegalStateException("the breaker is open");
        }
        probing = openings > 0;
        probeBeginsBy = null;
        return generation;
    }

    /** A call succeeded. */
    void succeeded(int callGeneration) {
        if (callGeneration != generation) {
            return;
        }
        if (openings > 0) {
            openings = 0;
            openUntil = null;
            nextGeneration();
        } else {
            unanswered = 0;
            recent.add(clock.instant(), true);
        }
    }

    /**
     * A call failed.
     *
     * @param noAnswer there was no connection, or no answer in time
     */
    void failed(int callGeneration, boolean noAnswer) {
        if (callGeneration != generation) {
            return;
        }
        if (openings > 0) {
            open();
            return;
        }
        unanswered = noAnswer ? unanswered + 1 : 0;
        Instant now = clock.instant();
        recent.add(now, false);
        int calls = recent.calls(now);
        if (unanswered >= MAX_UNANSWERED
                || (calls >= MIN_CALLS && recent.failures(now) >= MAX_FAILURE_SHARE * calls)) {
            open();
        }
    }

    /**
     * The call ended by a local fault: another call is the probe, once the time has passed for
     * which this node took it.
     */
    void abandoned(int callGeneration) {
        if (callGeneration == generation) {
            probing = false;
        }
    }

    private void open() {
        openings++;
        Duration first = openFor.get();
        int doublings = Math.min(openings - 1, 20);
        Duration wait = first.multipliedBy(1L << doublings);
        if (wait.compareTo(MAX_OPEN) > 0) {
            wait = MAX_OPEN;
        }
        double factor = 1 + JITTER * (2 * random.nextDouble() - 1);
        // As precise as the table.
        openUntil =
                clock.instant()
                        .plusNanos((long) (wait.toNanos() * factor))
                        .truncatedTo(ChronoUnit.MICROS);
        nextGeneration();
    }

    private void nextGeneration() {
        generation++;
        probing = false;
        probeBeginsBy = null;
        unanswered = 0;
        recent.clear();
    }

    BreakerState state() {
        return new BreakerState(openUntil, openings);
    }

    /** The state in the table, as this node knows it. */
    BreakerState stored() {
        return stored;
    }
}
