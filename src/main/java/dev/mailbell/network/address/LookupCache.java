package dev.mailbell.network.address;

import java.net.SocketTimeoutException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * What became of the last lookup of each name, of so many names. A name that kept a thread waiting
 * in vain is answered from here for half a minute. For one thread at a time.
 */
final class LookupCache {
    private static final int NAMES = 10_000;
    private static final long FAILED_FOR = TimeUnit.SECONDS.toNanos(30);

    /** How the last lookup of a name ended. In the order in which lookups are begun. */
    enum Standing {
        RESOLVED,
        UNKNOWN,
        FAILED
    }

    private record Last(Standing standing, long at, String how) {}

    private final LongSupplier nanoTime;
    private final Map<String, Last> entries =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Last> eldest) {
                    return size() > NAMES;
                }
            };

    LookupCache(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    Standing standing(String name) {
        Last entry = entries.get(name);
        return entry == null ? Standing.UNKNOWN : entry.standing;
    }

    void resolved(String name) {
        entries.put(name, new Last(Standing.RESOLVED, nanoTime.getAsLong(), ""));
    }

    void failed(String name, String how) {
        entries.put(name, new Last(Standing.FAILED, nanoTime.getAsLong(), how));
    }

    /**
     * @throws SocketTimeoutException when a lookup of the name has failed a moment ago
     */
    void throwIfFailed(String name) throws SocketTimeoutException {
        Last entry = entries.get(name);
        if (entry != null
                && entry.standing == Standing.FAILED
                && nanoTime.getAsLong() - entry.at < FAILED_FOR) {
            throw new SocketTimeoutException(
                    "host \""
                            + name
                            + "\" "
                            + entry.how
                            + " a moment ago; its name server is asked again in half a minute");
        }
    }
}
