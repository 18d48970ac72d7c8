package dev.mailbell.cluster;

import dev.mailbell.cluster.ClusterTables.NodeRow;
import dev.mailbell.cluster.ClusterTables.ShardRows;
import dev.mailbell.cluster.ClusterTables.View;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.LongAdder;
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
    /** So few are released at once, so that none of them waits for long for its new node. */
    static final int GROUP = 32;

    private static final Logger LOG = LoggerFactory.getLogger(ShardLoop.class);

    /** Everything is read again at least every so many rounds. */
    private static final int FULL_READ = 20;

    /** How long nothing is taken after a part of the daemon failed to begin work. */
    private static final Duration REST = Duration.ofSeconds(5);

    private final ClusterTables tables;
    private final Heartbeats heartbeats;
    private final OwnedShards shards;
    private final ShardOwners owners;
    private final LongSupplier nanoTime;
    private final DeadNodes deadNodes = new DeadNodes();
    private final LongAdder takeovers = new LongAdder();
    private final UnownedShards unowned;
    private ShardPlan plan = ShardPlan.of(List.of());
    private int rounds;
    private long restUntil;
    private boolean resting;
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
        this.unowned = new UnownedShards(nanoTime);
    }

    /**
     * One round.
     *
     * @param leaving whether this node releases everything
     * @param releaseLimit how long the work of a shard may take to end
     * @return whether another round has work at once
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
            View view = readAndBury(self);
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
            take(now, present, self, generation);
            boolean more = release(now, self, releaseLimit);
            unowned.update(shard -> isOwned(now, shard, present, self));
            done = true;
            return more;
        } finally {
            if (!done) {
                rows = null;
                tables.close();
            }
        }
    }

    /** Reads the tables, and removes the rows of dead nodes. */
    private View readAndBury(UUID self) {
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
    private boolean release(ShardRows now, UUID self, Duration limit) throws InterruptedException {
        Set<Integer> moving = owned(shard -> !plan.isFor(shard, self));
        // No other node takes them, so they need not move in small groups.
        int most = plan.nodes().isEmpty() ? ClusterTables.SHARDS : GROUP;
        Set<Integer> group = moving.stream().sorted().limit(most).collect(Collectors.toSet());
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
            tables.giveUp(self, given);
            LOG.debug("{} shards are released", given.size());
        }
        return moving.size() > group.size();
    }

    private void take(ShardRows now, Set<UUID> present, UUID self, int generation)
            throws InterruptedException {
        if (resting && nanoTime.getAsLong() - restUntil < 0) {
            return;
        }
        resting = false;
        Map<Integer, Long> free = new HashMap<>();
        int orphans = 0;
        for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
            Optional<UUID> owner = now.owner(shard);
            boolean isFree =
                    owner.isEmpty() || owner.get().equals(self) || !present.contains(owner.get());
            if (isFree && plan.isFor(shard, self) && !shards.epochs().containsKey(shard)) {
                free.put(shard, now.epoch(shard));
            }
        }
        if (free.isEmpty() || !heartbeats.isActive()) {
            return;
        }
        Map<Integer, Long> taken = tables.take(self, free);
        for (int shard : taken.keySet()) {
            orphans += now.owner(shard).filter(it -> !it.equals(self)).isPresent() ? 1 : 0;
        }
        takeovers.add(orphans);
        if (taken.isEmpty() || !shards.add(generation, taken)) {
            return;
        }
        LOG.info("{} shards taken, {} of them from dead nodes", taken.size(), orphans);
        if (!owners.acquired(taken.keySet())) {
            fail(taken, self);
        }
    }

    /** A part of the daemon did not begin the work of these shards: they are taken again later. */
    private void fail(Map<Integer, Long> taken, UUID self) throws InterruptedException {
        restUntil = nanoTime.getAsLong() + REST.toNanos();
        resting = true;
        shards.end(taken.keySet());
        owners.lost(taken.keySet());
        shards.forget(taken.keySet());
        tables.giveUp(self, taken);
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
        return takeovers.sum();
    }

    UnownedShards unowned() {
        return unowned;
    }
}
