package dev.mailbell.cluster;

import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Owns all shards at first, with the epoch that a new database has; a test can take some away. */
public final class TestOwnership implements Ownership {
    private final Map<Integer, Long> epochs =
            new ConcurrentHashMap<>(
                    IntStream.range(0, 1024)
                            .boxed()
                            .collect(Collectors.toMap(shard -> shard, shard -> 0L)));
    private final Set<Integer> releasing = ConcurrentHashMap.newKeySet();
    private final BooleanSupplier active;

    /** How many nodes there are. */
    public volatile int nodes = 1;

    public TestOwnership() {
        this(() -> true);
    }

    public TestOwnership(BooleanSupplier active) {
        this.active = active;
    }

    /** It owns no shard any more. */
    public void loseAll() {
        epochs.clear();
        releasing.clear();
    }

    /** New work of the shard may not begin any more. */
    public void release(int shard) {
        releasing.add(shard);
    }

    /** Another node owns the shard. */
    public void lose(int shard) {
        epochs.remove(shard);
        releasing.remove(shard);
    }

    /** This node owns the shard with that epoch. */
    public void acquire(int shard, long epoch) {
        epochs.put(shard, epoch);
        releasing.remove(shard);
    }

    @Override
    public boolean isActive() {
        return active.getAsBoolean();
    }

    @Override
    public boolean mayBegin(int shard) {
        return isActive() && epochs.containsKey(shard) && !releasing.contains(shard);
    }

    @Override
    public ShardFence fence(int shard) {
        Long epoch = epochs.get(shard);
        if (epoch == null || !isActive()) {
            throw new FencedException();
        }
        return new ShardFence(shard, epoch);
    }

    @Override
    public Set<Integer> shards() {
        return epochs.keySet().stream()
                .filter(shard -> !releasing.contains(shard))
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public int nodes() {
        return nodes;
    }
}
