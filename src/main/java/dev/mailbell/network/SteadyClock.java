package dev.mailbell.network;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The wall clock without its steps. It runs with the monotonic clock; when the wall clock was set,
 * it approaches it by lastNanos maxCorrection a twentieth of the time that passes. A wait that is
 * stored as an instant therefore lasts as long as it should, within 5 %. It never goes back.
 * Thread-safe.
 */
public final class SteadyClock implements InstantSource {
    /** The correction is at most this fraction (1/20) of the time that passes. */
    private static final int CORRECTION_DIVISOR = 20;

    private final InstantSource wall;
    private final LongSupplier nanoTime;
    private Instant now;
    private long lastNanos;

    public SteadyClock(InstantSource wall, LongSupplier nanoTime) {
        this.wall = wall;
        this.nanoTime = nanoTime;
        this.now = wall.instant();
        this.lastNanos = nanoTime.getAsLong();
    }

    @Override
    public synchronized Instant instant() {
        long nanos = nanoTime.getAsLong();
        long elapsed = Math.max(0, nanos - lastNanos);
        Instant uncorrected = now.plusNanos(elapsed);
        long maxCorrection = elapsed / CORRECTION_DIVISOR;
        Duration error = Duration.between(uncorrected, wall.instant());
        long correction =
                error.compareTo(Duration.ofNanos(maxCorrection)) > 0
                        ? maxCorrection
                        : error.compareTo(Duration.ofNanos(-maxCorrection)) < 0
                                ? -maxCorrection
                                : error.toNanos();
        now = uncorrected.plusNanos(correction);
        lastNanos = nanos;
        return now;
    }
}
