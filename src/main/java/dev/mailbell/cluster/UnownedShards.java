package dev.mailbell.cluster;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;

/** The shards that no node owns, and since when this node has seen that. */
final class UnownedShards {
    private final LongSupplier nanoTime;
    private volatile Map<Integer, Long> since = Map.of();

    UnownedShards(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * @param isOwned whether a live node owns the shard
     */
    void update(IntPredicate isOwned) {
        long now = nanoTime.getAsLong();
        Map<Integer, Long> before = since;
        Map<Integer, Long> next = new HashMap<>();
        for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
            if (!isOwned.test(shard)) {
                next.put(shard, before.getOrDefault(shard, now));
            }
        }
        since = Map.copyOf(next);
    }

    int count() {
        return since.size();
    }

    /** For how long the first of them has had no owner; zero when all have one. */
    Duration longest() {
        Collection<Long> times = since.values();
        return times.isEmpty()
                ? Duration.ZERO
                : Duration.ofNanos(
                        nanoTime.getAsLong()
                                - times.stream().mapToLong(Long::longValue).min().getAsLong());
    }
}
