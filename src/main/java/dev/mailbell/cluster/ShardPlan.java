package dev.mailbell.cluster;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Which node should own each shard, by rendezvous hashing: each node has a weight for each shard,
 * and the node with the highest weight should own it. Every node computes the same plan from the
 * same nodes. A node that joins gets shards from all others and moves no others; when one goes,
 * only its shards move.
 */
final class ShardPlan {
    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;

    private final Set<UUID> nodes;
    private final UUID[] owners;

    private ShardPlan(Set<UUID> nodes, UUID[] owners) {
        this.nodes = nodes;
        this.owners = owners;
    }

    static ShardPlan of(Collection<UUID> nodes) {
        List<UUID> candidates = nodes.stream().distinct().sorted().toList();
        UUID[] owners = new UUID[candidates.isEmpty() ? 0 : ClusterTables.SHARDS];
        long[] best = new long[owners.length];
        for (UUID node : candidates) {
            long seed =
                    mixed(node.getMostSignificantBits() ^ mixed(node.getLeastSignificantBits()));
            for (int shard = 0; shard < owners.length; shard++) {
                long weight = mixed(seed + shard * GOLDEN);
                // Of equal weights the lower id wins, as the candidates are sorted.
                if (owners[shard] == null || Long.compareUnsigned(weight, best[shard]) > 0) {
                    owners[shard] = node;
                    best[shard] = weight;
                }
            }
        }
        return new ShardPlan(Set.copyOf(candidates), owners);
    }

    /** Spreads every bit over all others (the finaliser of SplitMix64). */
    private static long mixed(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }

    /** The nodes that the shards are planned for. */
    Set<UUID> nodes() {
        return nodes;
    }

    /** Empty when there is no node. */
    Optional<UUID> ownerOf(int shard) {
        return owners.length == 0 ? Optional.empty() : Optional.of(owners[shard]);
    }

    boolean isFor(int shard, UUID node) {
        return owners.length > 0 && owners[shard].equals(node);
    }

    @Override
    public String toString() {
        return "ShardPlan" + Arrays.asList(owners);
    }
}
