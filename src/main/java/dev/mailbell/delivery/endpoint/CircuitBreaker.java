package dev.mailbell.delivery.endpoint;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Leaves alone who fails over and over. Closed: calls go through and are counted. Open: none goes
 * through. Half-open, when that time has passed: exactly one does, the probe; it closes the breaker
 * or opens it for twice as long. Not safe for many threads.
 */
final class CircuitBreaker {
    private static final int MOST_UNREACHABLE = 5;
    private static final int FEWEST_JUDGED = 10;
    private static final double WORST_SHARE = 0.7;
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final double JITTER = 0.2;

    private final InstantSource clock;
    private final Supplier<Duration> openFor;
    private final RandomGenerator random;
    private final RecentCalls recent = new RecentCalls();

    private @Nullable Instant openUntil;
    private int openings;
    private int unreachable;
    private boolean probing;

    /** Rises whenever the breaker opens or closes: what began before says nothing any more. */
    private int generation;

    /**
     * @param openFor how long it stays open at first
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
     * @return what its end is to be told with
     */
    int begin() {
        if (!mayBegin()) {
            throw new IllegalStateException("the breaker is open");
        }
        probing = openings > 0;
        return generation;
    }

    void succeeded(int begun) {
        if (begun != generation) {
            return;
        }
        if (openings > 0) {
            openings = 0;
            openUntil = null;
            turn();
        } else {
            unreachable = 0;
            recent.add(clock.instant(), true);
        }
    }

    /**
     * @param silent there was no connection, or no answer in time
     */
    void failed(int begun, boolean silent) {
        if (begun != generation) {
            return;
        }
        if (openings > 0) {
            open();
            return;
        }
        unreachable = silent ? unreachable + 1 : 0;
        Instant now = clock.instant();
        recent.add(now, false);
        int calls = recent.calls(now);
        if (unreachable >= MOST_UNREACHABLE
                || (calls >= FEWEST_JUDGED && recent.failures(now) >= WORST_SHARE * calls)) {
            open();
        }
    }

    /** The call says nothing about the receiver: a probe is made again. */
    void abandoned(int begun) {
        if (begun == generation) {
            probing = false;
        }
    }

    private void open() {
        openings++;
        Duration first = openFor.get();
        int doublings = Math.min(openings - 1, 20);
        Duration wait = first.multipliedBy(1L << doublings);
        if (wait.compareTo(LONGEST) > 0) {
            wait = LONGEST;
        }
        double factor = 1 + JITTER * (2 * random.nextDouble() - 1);
        openUntil = clock.instant().plusNanos((long) (wait.toNanos() * factor));
        turn();
    }

    private void turn() {
        generation++;
        probing = false;
        unreachable = 0;
        recent.clear();
    }

    /** When the probe may go; null while closed. */
    @Nullable Instant openUntil() {
        return openUntil;
    }

    /** How often it opened without a success in between; 0 while closed. */
    int openings() {
        return openings;
    }
}
