package dev.mailbell.status;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** A {@link Cached} value for each key. Those asked for last are kept, up to a number. */
public final class Recent<K, V> {
    private static final int MOST = 1_000;

    private final Function<K, V> source;
    private final Duration lasts;
    private final LongSupplier nanoTime;
    private final Map<K, Cached<V>> values =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<K, Cached<V>> eldest) {
                    return size() > MOST;
                }
            };

    /**
     * @param nanoTime the monotonic clock
     */
    public Recent(Function<K, V> source, Duration lasts, LongSupplier nanoTime) {
        this.source = source;
        this.lasts = lasts;
        this.nanoTime = nanoTime;
    }

    public V get(K key) {
        Cached<V> value;
        synchronized (values) {
            value =
                    values.computeIfAbsent(
                            key, k -> new Cached<>(() -> source.apply(k), lasts, nanoTime));
        }
        return value.get();
    }
}
