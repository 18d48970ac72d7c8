package dev.mailbell.network.address;

import java.net.SocketTimeoutException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The result of the last lookup of each of 10,000 names. A name whose lookup timed out or failed
 * slowly fails from here, without a lookup, for 30 s. Not thread-safe.
 */
final class LookupCache {
    private static final int MAX_NAMES = 10_000;
    private static final long FAILED_FOR = TimeUnit.SECONDS.toNanos(30);

    /** How the last lookup of a name ended; the order is that in which waiting lookups begin. */
    enum LastResult {
        RESOLVED,
        UNKNOWN,
        FAILED
    }

    private record CachedResult(LastResult result, long at, String failure) {}

    private final LongSupplier nanoTime;
    private final Map<String, CachedResult> entries =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, CachedResult> eldest) {
                    return size() > MAX_NAMES;
                }
            };

    LookupCache(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    LastResult lastResult(String name) {
        CachedResult entry = entries.get(name);
        return entry == null ? LastResult.UNKNOWN : entry.result;
    }

    void resolved(String name) {
        entries.put(name, new CachedResult(LastResult.RESOLVED, nanoTime.getAsLong(), ""));
    }

    void failed(String name, String failure) {
        entries.put(name, new CachedResult(LastResult.FAILED, nanoTime.getAsLong(), failure));
    }

    /**
     * @throws SocketTimeoutException when a lookup of the name failed less than 30 s ago
     */
    void throwIfFailed(String name) throws SocketTimeoutException {
        CachedResult entry = entries.get(name);
        if (entry != null
                && entry.result == LastResult.FAILED
                && nanoTime.getAsLong() - entry.at < FAILED_FOR) {
            throw new SocketTimeoutException(
                    "host \""
                            + name
                            + "\" "
                            + entry.failure
                            + " a moment ago; its name server is asked again in half a minute");
        }
    }
}
