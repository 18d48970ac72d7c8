package dev.mailbell.mail;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Remembers for a day which things mail hosts failed at. Thread-safe.
 *
 * @param <T> the things that a host can fail at
 */
public final class HostMemory<T> {
    /** The maximum number of failures remembered; the oldest one is removed first. */
    static final int MAX_ENTRIES = 10_000;

    static final Duration REMEMBERED = Duration.ofDays(1);

    private final LongSupplier nanoTime;
    private final Map<Key<T>, Long> failedAt = new LinkedHashMap<>();

    private record Key<T>(String host, T what) {}

    /**
     * @param nanoTime a monotonic clock in nanoseconds
     */
    public HostMemory(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Whether the host has failed at this within a day. */
    public synchronized boolean hasFailed(String host, T what) {
        Long failed = failedAt.get(key(host, what));
        return failed != null && nanoTime.getAsLong() - failed < REMEMBERED.toNanos();
    }

    /** Records that the host failed at this; returns whether that was not known yet. */
    public synchronized boolean failed(String host, T what) {
        if (hasFailed(host, what)) {
            return false;
        }
        Key<T> key = key(host, what);
        failedAt.remove(key);
        failedAt.put(key, nanoTime.getAsLong());
        if (failedAt.size() > MAX_ENTRIES) {
            failedAt.remove(failedAt.keySet().iterator().next());
        }
        return true;
    }

    /** Removes the record that the host failed at this. */
    public synchronized void forget(String host, T what) {
        failedAt.remove(key(host, what));
    }

    private Key<T> key(String host, T what) {
        return new Key<>(host.toLowerCase(Locale.ROOT), what);
    }
}
