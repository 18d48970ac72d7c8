package dev.mailbell.mail;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What mail hosts were seen to fail at, for a day each. Safe for many threads.
 *
 * @param <T> what a host can fail at
 */
public final class HostMemory<T> {
    /** Failures remembered at most; the oldest one is forgotten first. */
    static final int MOST = 10_000;

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

    /** The host failed at this; answers whether that is news. */
    public synchronized boolean failed(String host, T what) {
        if (hasFailed(host, what)) {
            return false;
        }
        Key<T> key = key(host, what);
        failedAt.remove(key);
        failedAt.put(key, nanoTime.getAsLong());
        if (failedAt.size() > MOST) {
            failedAt.remove(failedAt.keySet().iterator().next());
        }
        return true;
    }

    /** The host does not fail at this any more. */
    public synchronized void forget(String host, T what) {
        failedAt.remove(key(host, what));
    }

    private Key<T> key(String host, T what) {
        return new Key<>(host.toLowerCase(Locale.ROOT), what);
    }
}
