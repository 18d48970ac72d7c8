package dev.mailbell.cluster;

import dev.mailbell.cluster.ClusterTables.NodeRow;
import dev.mailbell.cluster.ClusterTables.ShardRows;
import dev.mailbell.cluster.ClusterTables.View;
import dev.mailbell.cluster.ownership.OwnedShards;
import dev.mailbell.cluster.ownership.ShardOwners;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the shards of this node to what the plan says, step by step. A round only reads while
 * nothing changes. Used by one thread.
 *
 * <p>A shard changes hands in this order. Its owner begins no new work of it, ends the work under
 * way, and leaves the row without an owner. Then the node of the plan takes the row, publishes its
 * epoch, and begins. The row of a node that is not dead is never taken. Each change raises the
 * shard's epoch, and is made only to a row with the epoch that was read; so a statement that comes
 * late, or whose answer was lost, changes nothing that was changed since, and a shard whose row
 * says that this node owns it, which this node does not know, is taken again like any other.
 */
final class ShardLoop {
    private static final Logger LOG = LoggerFactory.getLogger(ShardLoop.class);

    /** Everything is read again at least every so many rounds. */
    private static final int FULL_READ = 20;

    private final ClusterTables tables;
    private final Heartbeats heartbeats;
    private final OwnedShards shards;
    private final ShardOwners owners;
    private final LongSupplier nanoTime;
    private final DeadNodes deadNodes = new DeadNodes();
    private final ShardTaker taker;
    private final UnownedShards unowned;

    private final ReleasedShards released;
    private ShardPlan plan = ShardPlan.of(List.of());
    private int rounds;
    private volatile @Nullable ShardRows rows;

    ShardLoop(
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
        this.taker = new ShardTaker(tables, heartbeats, shards, owners, nanoTime);
        this.unowned = new UnownedShards(nanoTime);
        this.released = new ReleasedShards(nanoTime, Membership.LEAVE);
    }

    /**
     * One round.
     *
     * @param leaving whether this node releases everything
     * @param releaseLimit how long the work of a shard may take to end
     * @return whether shards are on their way from or to this node or begin here, or another node
     *     may be dead, so that another round should come soon
     */
    boolean round(boolean leaving, Duration releaseLimit) throws InterruptedException {
        int generation = shards.generation();
        lose(shards.drainLost());
        if (!heartbeats.isActive()) {
            return false;
        }
        boolean done = false;
        try {
            UUID self = heartbeats.node().id();
            View view = readAndRemoveDead(self);
            ShardRows now = rows;
            if (now == null || view.nodes().stream().noneMatch(row -> row.id().equals(self))) {
                // The next heartbeat finds that the row is gone, and registers the node anew.
                done = true;
                return false;
            }
            lose(owned(it -> !isStillOwned(now, it, self)));
            plan(view, self, leaving);
            Set<UUID> present = view.nodes().stream().map(NodeRow::id).collect(Collectors.toSet());
            // First, because a release may wait for what hangs, and no node works on these.
            boolean coming = taker.take(now, plan, present, self, generation);
            boolean busy = taker.updateBusy(self);
            boolean going = release(view, now, self, leaving, releaseLimit);
            unowned.update(shard -> isOwned(now, shard, present, self));
            done = true;
            return coming || going || busy || deadNodes.isAnyLate(nanoTime.getAsLong());
        } finally {
            if (!done) {
                rows = null;
                tables.close();
            }
        }
    }

    /** Reads the tables, and removes the rows of dead nodes. */
    private View readAndRemoveDead(UUID self) {
        long before = nanoTime.getAsLong();
        View view = read();
        List<NodeRow> others = view.nodes().stream().filter(row -> !row.id().equals(self)).toList();
        List<NodeRow> dead =
                deadNodes.among(others, before, nanoTime.getAsLong(), heartbeats.renewedSince());
        if (dead.isEmpty() || !heartbeats.isActive()) {
            return view;
        }
        Set<UUID> removed = tables.remove(dead);
        if (!removed.isEmpty()) {
            LOG.warn("Dead, and removed from the cluster: {}", names(removed));
        }
        return read();
    }

    private View read() {
        ShardRows known = rows;
        boolean full = known == null || rounds++ % FULL_READ == 0;
        View view = tables.read(full || known == null ? -1 : known.version());
        if (view.shards() != null) {
            rows = view.shards();
        }
        return view;
    }

    private List<String> names(Set<UUID> ids) {
        Map<UUID, String> known =
                heartbeats.members().stream()
                        .collect(
                                Collectors.toMap(
                                        Member::id,
                                        it -> it.name() + " (process " + it.pid() + ")"));
        return ids.stream().map(id -> known.getOrDefault(id, id.toString())).sorted().toList();
    }

    private boolean isOwned(ShardRows now, int shard, Set<UUID> present, UUID self) {
        Optional<UUID> owner = now.owner(shard);
        return shards.epochs().containsKey(shard)
                || owner.filter(it -> present.contains(it) && !it.equals(self)).isPresent();
    }

    private boolean isStillOwned(ShardRows now, int shard, UUID self) {
        Long epoch = shards.epochs().get(shard);
        return now.isOwnedBy(shard, self) && epoch != null && epoch == now.epoch(shard);
    }

    private void plan(View view, UUID self, boolean leaving) {
        Set<UUID> nodes =
                view.nodes().stream()
                        .filter(row -> !row.leaving() && !(leaving && row.id().equals(self)))
                        .map(NodeRow::id)
                        .collect(Collectors.toSet());
        if (!plan.nodes().equals(nodes)) {
            plan = ShardPlan.of(nodes);
            LOG.debug("Shards are planned for {} nodes", nodes.size());
        }
    }

    /** Ends the work of shards that another node has. */
    private void lose(Set<Integer> gone) throws InterruptedException {
        if (!gone.isEmpty()) {
            shards.forget(gone);
            LOG.warn("{} shards were taken from this node", gone.size());
            owners.lost(gone);
        }
    }

    /** Releases some of the shards that are planned for another node; whether there are more. */
    private boolean release(View view, ShardRows now, UUID self, boolean leaving, Duration limit)
            throws InterruptedException {
        Set<Integer> moving = owned(shard -> !plan.isFor(shard, self));
        released.update(view, now, plan);
        // Without another node none takes them.
        Set<Integer> group =
                plan.nodes().isEmpty() ? moving : released.nextGroup(moving, plan, leaving);
        Map<Integer, Long> given = new HashMap<>(shards.epochs(group));
        if (!group.isEmpty()) {
            shards.end(group);
            owners.released(group, limit);
            shards.forget(group);
        }
        // Rows that are left over from a release or a taking whose answer was lost.
        IntStream.range(0, ClusterTables.SHARDS)
                .filter(shard ->
                        now.isOwnedBy(shard, self)
                                && !plan.isFor(shard, self)
                                && !shards.epochs().containsKey(shard))
                .forEach(shard -> given.putIfAbsent(shard, now.epoch(shard)));
        if (!given.isEmpty()) {
            // Before, because an answer that is lost does not say whether the rows are given up.
            released.add(given.keySet(), plan);
            tables.giveUp(self, given);
            LOG.debug("{} shards are released", given.size());
        }
        return moving.size() > group.size();
    }

    /** Cuts what is left when the time to leave is over. */
    void cut() throws InterruptedException {
        Set<Integer> left = owned(shard -> true);
        if (!left.isEmpty()) {
            LOG.warn("{} shards are not released in time; their work is cut off", left.size());
            Map<Integer, Long> given = new HashMap<>(shards.epochs(left));
            shards.end(left);
            owners.lost(left);
            shards.forget(left);
            try {
                tables.giveUp(heartbeats.node().id(), given);
            } catch (RuntimeException e) {
                LOG.debug("They are free when the row of this node is gone: {}", e.getMessage());
            }
        }
    }

    private Set<Integer> owned(Predicate<Integer> which) {
        Stream<Integer> all = shards.epochs().keySet().stream();
        return all.filter(which).collect(Collectors.toCollection(HashSet::new));
    }

    /** The owner in the table, as last read. */
    Optional<UUID> ownerOf(int shard) {
        ShardRows now = rows;
        return now == null ? Optional.empty() : now.owner(shard);
    }

    /** How many shards were taken from dead nodes. */
    long takeovers() {
        return taker.takeovers();
    }

    UnownedShards unowned() {
        return unowned;
    }
}
