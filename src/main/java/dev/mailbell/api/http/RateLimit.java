package dev.mailbell.api.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Token buckets by key. A bucket holds the tokens of one second, and at least one. The 10,000
 * buckets used last are kept; a key that falls out starts with a full bucket again.
 */
public final class RateLimit {
    private static final int MAX_BUCKETS = 10_000;
    private static final double NANOS = 1e9;

    private final DoubleSupplier perSecond;
    private final LongSupplier nanoTime;
    private final Map<String, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
                    return size() > MAX_BUCKETS;
                }
            };

    private record Bucket(double tokens, long at) {}

    /**
     * @param perSecond tokens per second; read at every request, because a reload can change it
     * @param nanoTime the monotonic clock
     */
    public RateLimit(DoubleSupplier perSecond, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
    }

    /**
     * Takes a token.
     *
     * @return empty when there was a token, otherwise the wait until there is one
     */
    public synchronized Optional<Duration> take(String key) {
        double rate = perSecond.getAsDouble();
        double capacity = Math.max(1, rate);
        long now = nanoTime.getAsLong();
        Bucket before = buckets.getOrDefault(key, new Bucket(capacity, now));
        double tokens = Math.min(capacity, before.tokens() + (now - before.at()) / NANOS * rate);
        boolean granted = tokens >= 1;
        buckets.put(key, new Bucket(granted ? tokens - 1 : tokens, now));
        return granted
                ? Optional.empty()
                : Optional.of(Duration.ofNanos((long) Math.ceil((1 - tokens) / rate * NANOS)));
    }
}
