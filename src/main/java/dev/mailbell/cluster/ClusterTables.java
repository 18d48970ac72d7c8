package dev.mailbell.cluster;

import dev.mailbell.database.DatabaseException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The tables {@code node} and {@code shard}, as one node reads and writes them. Every call is a
 * transaction of its own, and throws {@link DatabaseException} when it fails; it may have been
 * committed then.
 */
interface ClusterTables extends AutoCloseable {
    /** The number of shards. */
    int SHARDS = 1024;

    /**
     * What a heartbeat reads.
     *
     * @param now the database server's time
     */
    record Beat(List<Member> nodes, Instant now) {
        public Beat {
            nodes = List.copyOf(nodes);
        }
    }

    /**
     * A row of {@code node}.
     *
     * @param busy whether it begins the work of shards that it took
     * @param expired by the database server's clock
     */
    record NodeRow(UUID id, boolean leaving, boolean busy, Instant expiresAt, boolean expired) {}

    /**
     * The rows of {@code shard}.
     *
     * @param owners of the shards that have one
     * @param epochs of all shards, by their ids
     */
    record ShardRows(Map<Integer, UUID> owners, List<Long> epochs) {
        public ShardRows {
            owners = Map.copyOf(owners);
            epochs = List.copyOf(epochs);
        }

        /** The sum of all epochs, which rises with every change of an owner. */
        long version() {
            return epochs.stream().mapToLong(Long::longValue).sum();
        }

        Optional<UUID> owner(int shard) {
            return Optional.ofNullable(owners.get(shard));
        }

        boolean isOwnedBy(int shard, UUID node) {
            return node.equals(owners.get(shard));
        }

        long epoch(int shard) {
            return epochs.get(shard);
        }
    }

    /**
     * Both tables in one moment.
     *
     * @param shards null when they have the version that the reader knows
     */
    record View(List<NodeRow> nodes, @Nullable ShardRows shards) {
        public View {
            nodes = List.copyOf(nodes);
        }
    }

    /**
     * Inserts the row of this node. An exclusive one removes the rows of earlier exclusive nodes.
     */
    void register(Node node, String configuration);

    /** Renews the row of this node; empty when it was removed. */
    Optional<Beat> renew(UUID id, String configuration);

    /**
     * Reads both tables.
     *
     * @param version the {@linkplain ShardRows#version version} that the reader knows; -1: none
     */
    View read(long version);

    /** Removes rows of dead nodes that were not renewed since they were read. */
    Set<UUID> remove(Collection<NodeRow> dead);

    /**
     * Takes shards that have no owner, or whose owner has no row, or that belong to the node
     * itself. Each gets the next epoch.
     *
     * @param epochs of the shards; one with another epoch in the table is not taken
     * @return the new epochs of those that were taken
     */
    Map<Integer, Long> take(UUID node, Map<Integer, Long> epochs);

    /** Leaves shards without an owner, with the next epoch, if they have these epochs. */
    void giveUp(UUID node, Map<Integer, Long> epochs);

    /** Other nodes plan without this one from now on. */
    void announceLeaving(UUID id);

    /** Other nodes release no shards for this one while it is busy. */
    void announceBusy(UUID id, boolean busy);

    /** Removes the row of this node. */
    void depart(UUID id);

    @Override
    void close();
}
