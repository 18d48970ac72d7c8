package dev.mailbell.cluster;

import dev.mailbell.cluster.ClusterTables.ShardRows;
import dev.mailbell.cluster.ownership.OwnedShards;
import dev.mailbell.cluster.ownership.ShardOwners;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes shards that have no owner, or whose owner's row was removed, and begins their work. Used by
 * the thread of {@link ShardLoop}.
 */
final class ShardTaker {
    private static final Logger LOG = LoggerFactory.getLogger(ShardTaker.class);

    /**
     * A node that has taken nothing for so long is given more, however busy it is; later only where
     * the thread that takes and releases shards waits for a part of the daemon.
     */
    private static final Duration LONGEST_BUSY = Duration.ofSeconds(2);

    /** How long nothing is taken after a part of the daemon failed to begin work. */
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final ClusterTables tables;
    private final Heartbeats heartbeats;
    private final OwnedShards shards;
    private final ShardOwners owners;
    private final LongSupplier nanoTime;
    private final LongAdder takeovers = new LongAdder();
    private long takenAt;
    private boolean busyAnnounced;
    private long pausedUntil;
    private boolean paused;

    ShardTaker(
            ClusterTables tables,
            Heartbeats heartbeats,
            OwnedShards shards,
            ShardOwners owners,
            LongSupplier nanoTime) {
        this.tables = tables;
        this.heartbeats = heartbeats;
        this.shards = shards;
        this.owners = owners;
        this.nanoTime = nanoTime;
    }

    /**
     * Takes the free shards that are planned for this node.
     *
     * @param now the rows of the shards, as last read
     * @param present the nodes that have a row
     * @param self this node
     * @param generation of this node's shards, before the rows were read
     * @return whether more of these are to come
     */
    boolean take(ShardRows now, ShardPlan plan, Set<UUID> present, UUID self, int generation)
            throws InterruptedException {
        if (paused && nanoTime.getAsLong() - pausedUntil < 0) {
            return false;
        }
        paused = false;
        Map<Integer, Long> free = new HashMap<>();
        int planned = 0;
        int fromDeadNodes = 0;
        for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
            if (!plan.isFor(shard, self) || shards.epochs().containsKey(shard)) {
                continue;
            }
            planned++;
            Optional<UUID> owner = now.owner(shard);
            if (owner.isEmpty()
                    || owner.filter(it -> it.equals(self) || !present.contains(it)).isPresent()) {
                free.put(shard, now.epoch(shard));
            }
        }
        if (free.isEmpty() || !heartbeats.isActive()) {
            return planned > 0;
        }
        if (present.size() > 1) {
            // Before, so that no node releases more for this one when it reads what is taken.
            busyAnnounced = true;
            tables.announceBusy(self, true);
        }
        takenAt = nanoTime.getAsLong();
        Map<Integer, Long> taken = tables.take(self, free);
        for (int shard : taken.keySet()) {
            fromDeadNodes += now.owner(shard).filter(it -> !it.equals(self)).isPresent() ? 1 : 0;
        }
        takeovers.add(fromDeadNodes);
        if (taken.isEmpty() || !shards.add(generation, taken)) {
            return true;
        }
        LOG.info("{} shards taken, {} of them from dead nodes", taken.size(), fromDeadNodes);
        if (!owners.acquired(taken.keySet())) {
            fail(taken, self);
        }
        return planned > taken.size();
    }

    /**
     * Whether the work of the shards that were taken last still begins. When it no longer does, the
     * other nodes learn that this node is ready for more.
     */
    boolean updateBusy(UUID self) {
        boolean begins = owners.isBusy() && nanoTime.getAsLong() - takenAt < LONGEST_BUSY.toNanos();
        // While it pauses it takes nothing, and what is released for it would wait.
        boolean busy = paused || begins;
        if (busyAnnounced && !busy) {
            tables.announceBusy(self, false);
            busyAnnounced = false;
        }
        return busy;
    }

    /** A part of the daemon did not begin the work of these shards: they are taken again later. */
    private void fail(Map<Integer, Long> taken, UUID self) throws InterruptedException {
        pausedUntil = nanoTime.getAsLong() + PAUSE.toNanos();
        paused = true;
        shards.end(taken.keySet());
        owners.lost(taken.keySet());
        shards.forget(taken.keySet());
        tables.giveUp(self, taken);
    }

    /** How many shards were taken from dead nodes. */
    long takeovers() {
        return takeovers.sum();
    }
}
