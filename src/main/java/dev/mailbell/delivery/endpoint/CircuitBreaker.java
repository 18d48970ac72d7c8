package dev.mailbell.delivery.endpoint;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Stops calls to a failing endpoint, with exponential back-off. Closed: calls begin and are
 * counted. Open: no call begins. Half-open, once the time has passed: exactly one call begins, the
 * probe; its success closes the breaker and its failure opens it for twice as long, an hour at
 * most. Not safe for many threads.
 */
final class CircuitBreaker {
    /** Unanswered calls in a row that open the breaker. */
    private static final int MAX_UNANSWERED = 5;

    /** Calls of the last five minutes from which the share of failures counts. */
    private static final int MIN_CALLS = 10;

    private static final double MAX_FAILURE_SHARE = 0.7;
    private static final Duration MAX_OPEN = Duration.ofHours(1);
    private static final double JITTER = 0.2;

    private final InstantSource clock;
    private final Supplier<Duration> openFor;
    private final RandomGenerator random;
    private final RecentCalls recent = new RecentCalls();

    private @Nullable Instant openUntil;
    private int openings;
    private int unanswered;
    private boolean probing;

    /** Rises whenever the breaker opens or closes; the end of an older call is ignored. */
    private int generation;

    /**
     * @param openFor how long it stays open the first time
     * @param openUntil as stored; null when it was closed
     * @param openings in a row, as stored; 0 when it was closed
     */
    CircuitBreaker(
            InstantSource clock,
            Supplier<Duration> openFor,
            RandomGenerator random,
            @Nullable Instant openUntil,
            int openings) {
        this.clock = clock;
        this.openFor = openFor;
        this.random = random;
        this.openUntil = openings > 0 ? openUntil : null;
        this.openings = openings;
    }

    /** Whether a call may begin now. */
    boolean mayBegin() {
        if (openings == 0) {
            return true;
        }
        return !probing && (openUntil == null || !openUntil.isAfter(clock.instant()));
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

    /** The call ended by a local fault: another call may be the probe. */
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
        openUntil = clock.instant().plusNanos((long) (wait.toNanos() * factor));
        nextGeneration();
    }

    private void nextGeneration() {
        generation++;
        probing = false;
        unanswered = 0;
        recent.clear();
    }

    /** When the probe may begin; null while closed. */
    @Nullable Instant openUntil() {
        return openUntil;
    }

    /** How often it opened since the last success; 0 while closed. */
    int openings() {
        return openings;
    }
}
