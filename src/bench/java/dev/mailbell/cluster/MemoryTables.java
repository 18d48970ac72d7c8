package dev.mailbell.cluster;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.LongStream;

/**
 * The two tables in memory, with a clock that is stepped. Counts the rows that are written. Used by
 * one thread.
 */
final class MemoryTables implements ClusterTables {
    private final Map<UUID, NodeRow> nodes = new LinkedHashMap<>();
    private final Map<Integer, UUID> owners = new HashMap<>();
    private final long[] epochs = new long[SHARDS];
    private ShardRows rows = snapshot();
    private long nanos = Duration.ofHours(1).toNanos();
    private long heartbeatRows;
    private long shardRows;

    long nanoTime() {
        return nanos;
    }

    Instant now() {
        return Instant.EPOCH.plusNanos(nanos);
    }

    void pass(Duration time) {
        nanos += time.toNanos();
    }

    /** Rows of heartbeats that were written so far. */
    long heartbeatRows() {
        return heartbeatRows;
    }

    /** Rows of shards that were written so far. */
    long shardRows() {
        return shardRows;
    }

    /** The owners of all shards that have one. */
    Map<Integer, UUID> owners() {
        return Map.copyOf(owners);
    }

    /** Whether every shard is owned by a node that has a row. */
    boolean isComplete() {
        return owners.size() == SHARDS && nodes.keySet().containsAll(owners.values());
    }

    private ShardRows snapshot() {
        return new ShardRows(owners, LongStream.of(epochs).boxed().toList());
    }

    private void changed(int count) {
        if (count > 0) {
            shardRows += count;
            rows = snapshot();
        }
    }

    private void put(UUID id, boolean leaving, boolean busy) {
        nodes.put(id, new NodeRow(id, leaving, busy, now().plus(Heartbeats.LIFE), false));
        heartbeatRows++;
    }

    @Override
    public void register(Node node, String configuration) {
        put(node.id(), false, false);
    }

    @Override
    public Optional<Beat> renew(UUID id, String configuration) {
        NodeRow row = nodes.get(id);
        if (row == null) {
            return Optional.empty();
        }
        put(id, row.leaving(), row.busy());
        URI nowhere = URI.create("http://localhost");
        return Optional.of(
                new Beat(
                        List.of(
                                new Member(
                                        id,
                                        "simulated",
                                        0,
                                        nowhere,
                                        "",
                                        configuration,
                                        now(),
                                        row.leaving())),
                        now()));
    }

    @Override
    public View read(long version) {
        return new View(
                nodes.values().stream()
                        .map(row ->
                                new NodeRow(
                                        row.id(),
                                        row.leaving(),
                                        row.busy(),
                                        row.expiresAt(),
                                        !row.expiresAt().isAfter(now())))
                        .toList(),
                rows.version() == version ? null : rows);
    }

    @Override
    public Set<UUID> remove(Collection<NodeRow> dead) {
        Set<UUID> removed = new HashSet<>();
        for (NodeRow row : dead) {
            NodeRow now = nodes.get(row.id());
            if (now != null && now.expiresAt().equals(row.expiresAt())) {
                nodes.remove(row.id());
                removed.add(row.id());
            }
        }
        return removed;
    }

    @Override
    public Map<Integer, Long> take(UUID node, Map<Integer, Long> wanted) {
        Map<Integer, Long> taken = new HashMap<>();
        wanted.forEach((shard, epoch) -> {
            UUID owner = owners.get(shard);
            boolean free = owner == null || owner.equals(node) || !nodes.containsKey(owner);
            if (epochs[shard] == epoch && free && nodes.containsKey(node)) {
                owners.put(shard, node);
                taken.put(shard, ++epochs[shard]);
            }
        });
        changed(taken.size());
        return taken;
    }

    @Override
    public void giveUp(UUID node, Map<Integer, Long> held) {
        int count = 0;
        for (Map.Entry<Integer, Long> entry : held.entrySet()) {
            int shard = entry.getKey();
            if (epochs[shard] == entry.getValue() && node.equals(owners.get(shard))) {
                owners.remove(shard);
                epochs[shard]++;
                count++;
            }
        }
        changed(count);
    }

    @Override
    public void announceLeaving(UUID id) {
        put(id, true, false);
    }

    @Override
    public void announceBusy(UUID id, boolean busy) {
        nodes.computeIfPresent(
                id,
                (same, row) ->
                        new NodeRow(id, row.leaving(), busy, row.expiresAt(), row.expired()));
    }

    @Override
    public void depart(UUID id) {
        nodes.remove(id);
    }

    @Override
    public void close() {
        // Nothing is open.
    }
}
