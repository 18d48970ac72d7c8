package dev.mailbell.api.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Token buckets by key: each holds what one second grants, at least one token. Keeps the buckets
 * that were used last; one that falls out is full again, so there are more places than a busy
 * moment has keys.
 */
public final class RateLimit {
    private static final int KEPT = 10_000;
    private static final double NANOS = 1e9;

    private final DoubleSupplier perSecond;
    private final LongSupplier nanoTime;
    private final Map<String, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
                    return size() > KEPT;
                }
            };

    private record Bucket(double tokens, long at) {}

    /**
     * @param perSecond tokens a second, asked for at every request because it can be reloaded
     * @param nanoTime the monotonic clock
     */
    public RateLimit(DoubleSupplier perSecond, LongSupplier nanoTime) {
        this.perSecond = perSecond;
        this.nanoTime = nanoTime;
    }

    /**
     * Takes a token.
     *
     * @return empty when there was one, otherwise how long until there is
     */
    public synchronized Optional<Duration> take(String key) {
        double rate = perSecond.getAsDouble();
        double most = Math.max(1, rate);
        long now = nanoTime.getAsLong();
        Bucket before = buckets.getOrDefault(key, new Bucket(most, now));
        double tokens = Math.min(most, before.tokens() + (now - before.at()) / NANOS * rate);
        boolean granted = tokens >= 1;
        buckets.put(key, new Bucket(granted ? tokens - 1 : tokens, now));
        return granted
                ? Optional.empty()
                : Optional.of(Duration.ofNanos((long) Math.ceil((1 - tokens) / rate * NANOS)));
    }
}
