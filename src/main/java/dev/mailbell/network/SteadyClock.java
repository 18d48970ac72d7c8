package dev.mailbell.network;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The wall clock without its steps: it goes with the monotonic clock, and approaches a wall clock
 * that was set by no more than a twentieth of the time that passes. So a wait that is kept as an
 * instant lasts as long as it should, within 5 %, also in the table and over a restart once the two
 * agree again. It never goes back. Safe for many threads.
 */
public final class SteadyClock implements InstantSource {
    /** Of the time that passes, the share by which it may be corrected. */
    private static final int SHARE = 20;

    private final InstantSource wall;
    private final LongSupplier nanoTime;
    private Instant now;
    private long at;

    public SteadyClock(InstantSource wall, LongSupplier nanoTime) {
        this.wall = wall;
        this.nanoTime = nanoTime;
        this.now = wall.instant();
        this.at = nanoTime.getAsLong();
    }

    @Override
    public synchronized Instant instant() {
        long nanos = nanoTime.getAsLong();
        long passed = Math.max(0, nanos - at);
        Instant natural = now.plusNanos(passed);
        long most = passed / SHARE;
        Duration wrong = Duration.between(natural, wall.instant());
        long correction =
                wrong.compareTo(Duration.ofNanos(most)) > 0
                        ? most
                        : wrong.compareTo(Duration.ofNanos(-most)) < 0 ? -most : wrong.toNanos();
        now = natural.plusNanos(correction);
        at = nanos;
        return now;
    }
}
