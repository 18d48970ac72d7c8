package dev.mailbell.api.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Token buckets by key. A bucket holds the tokens of one window, and at least one. The 10,000
 * buckets used last are kept; a key that falls out starts with a full bucket again.
 */
public final class RateLimit {
    private static final int MAX_BUCKETS = 10_000;
    private static final double NANOS = 1e9;

    private final DoubleSupplier perWindow;
    private final double windowSeconds;
    private final LongSupplier nanoTime;
    private final Map<String, Bucket> buckets =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
                    return size() > MAX_BUCKETS;
                }
            };

    /**
     * @param tokens below 0 after a request that took more than there were
     */
    private record Bucket(double tokens, long at) {}

    /**
     * The answer to a request for tokens.
     *
     * @param pause until there is a token again; zero when the request got its tokens
     * @param limit the tokens of a full bucket
     * @param remaining whole tokens that are left
     * @param full when the bucket is full again
     */
    record Taken(Duration pause, long limit, long remaining, Duration full) {
        boolean granted() {
            return pause.isZero();
        }
    }

    /**
     * @param perSecond tokens per second; read at every request, because a reload can change it
     * @param nanoTime the monotonic clock
     */
    public RateLimit(DoubleSupplier perSecond, LongSupplier nanoTime) {
        this(perSecond, Duration.ofSeconds(1), nanoTime);
    }

    /**
     * @param perWindow tokens per window; read at every request, because a reload can change it
     * @param nanoTime the monotonic clock
     */
    RateLimit(DoubleSupplier perWindow, Duration window, LongSupplier nanoTime) {
        this.perWindow = perWindow;
        this.windowSeconds = window.toNanos() / NANOS;
        this.nanoTime = nanoTime;
    }

    /**
     * Takes a token.
     *
     * @return empty when there was a token, otherwise the wait until there is one
     */
    public Optional<Duration> take(String key) {
        Taken taken = take(key, 1);
        return taken.granted() ? Optional.empty() : Optional.of(taken.pause());
    }

    /** Takes several tokens at once. One token in the bucket is enough; the others are a debt. */
    Taken take(String key, int tokens) {
        return take(key, tokens, perWindow.getAsDouble());
    }

    /** The same with a limit of the key's own. */
    synchronized Taken take(String key, int wanted, double limit) {
        double rate = limit / windowSeconds;
        double capacity = Math.max(1, limit);
        long now = nanoTime.getAsLong();
        Bucket before = buckets.getOrDefault(key, new Bucket(capacity, now));
        double tokens = Math.min(capacity, before.tokens() + (now - before.at()) / NANOS * rate);
        boolean granted = tokens >= 1;
        double left = granted ? tokens - wanted : tokens;
        buckets.put(key, new Bucket(left, now));
        return new Taken(
                granted ? Duration.ZERO : time((1 - tokens) / rate),
                (long) capacity,
                (long) Math.max(0, left),
                time((capacity - left) / rate));
    }

    private static Duration time(double seconds) {
        return Duration.ofNanos((long) Math.ceil(seconds * NANOS));
    }
}
