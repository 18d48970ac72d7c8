package dev.mailbell.status;

import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that is made anew when it is asked for and has become old, by one thread at a time:
 * however many pages show it, it is made once.
 */
public final class Cached<T> implements Supplier<T> {
    private final Supplier<T> source;
    private final long lasts;
    private final LongSupplier nanoTime;
    private @Nullable T value;
    private long madeAt;

    /**
     * @param nanoTime the monotonic clock
     */
    public Cached(Supplier<T> source, Duration lasts, LongSupplier nanoTime) {
        this.source = source;
        this.lasts = lasts.toNanos();
        this.nanoTime = nanoTime;
    }

    @Override
    public synchronized T get() {
        T known = value;
        if (known != null && nanoTime.getAsLong() - madeAt < lasts) {
            return known;
        }
        T made = source.get();
        value = made;
        madeAt = nanoTime.getAsLong();
        return made;
    }
}
