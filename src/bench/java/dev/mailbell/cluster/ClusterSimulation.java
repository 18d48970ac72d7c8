package dev.mailbell.cluster;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.mailbell.cluster.ownership.OwnedShards;
import dev.mailbell.cluster.ownership.ShardOwners;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.slf4j.LoggerFactory;

/**
 * Many nodes with the real heartbeats, plan and loop of shards, over tables in memory and a clock
 * that is stepped.
 */
public final class ClusterSimulation {
    private static final Duration STEP = Duration.ofMillis(50);
    private static final long BEAT = Heartbeats.INTERVAL.toNanos();
    private static final long ROUND = Duration.ofMillis(500).toNanos();
    private static final long SHORT_ROUND = Duration.ofMillis(50).toNanos();
    private static final Duration LONGEST = Duration.ofMinutes(2);
    private static final Duration RELEASE = Duration.ofSeconds(1);

    private final MemoryTables tables = new MemoryTables();
    private final List<Simulated> nodes = new ArrayList<>();
    private final Random random;
    private ShardPlan plan = ShardPlan.of(List.of());

    /**
     * What a join or a death caused.
     *
     * @param planned shards that had to move
     * @param moved shards whose owner changed
     * @param rows written in the table of shards
     * @param seconds until every shard was owned as planned
     */
    public record Change(boolean joined, int planned, int moved, long rows, double seconds) {}

    private final class Simulated {
        final UUID id = new UUID(random.nextLong(), random.nextLong());
        final OwnedShards shards = new OwnedShards();
        final Heartbeats heartbeats =
                new Heartbeats(
                        tables,
                        new Node(id, "simulated", 0, null, "", false),
                        () -> "",
                        shards,
                        tables::nanoTime,
                        tables::now,
                        (time, sent, received) -> {});
        final ShardLoop loop =
                new ShardLoop(tables, heartbeats, shards, new ShardOwners(), tables::nanoTime);
        long beatAt = tables.nanoTime() + random.nextLong(BEAT);
        long roundAt = tables.nanoTime() + random.nextLong(ROUND);

        void run() throws InterruptedException {
            long now = tables.nanoTime();
            if (beatAt <= now) {
                heartbeats.beat();
                beatAt += BEAT;
            }
            if (roundAt <= now) {
                roundAt += loop.round(false, RELEASE) ? SHORT_ROUND : ROUND;
            }
        }
    }

    public ClusterSimulation(int count, long seed) throws InterruptedException {
        if (LoggerFactory.getLogger("dev.mailbell.cluster") instanceof Logger logger) {
            // Hundreds of nodes log what they take.
            logger.setLevel(Level.ERROR);
        }
        this.random = new Random(seed);
        for (int i = 0; i < count; i++) {
            join();
        }
        settle();
    }

    private void join() {
        Simulated node = new Simulated();
        node.heartbeats.join(node.heartbeats.node());
        nodes.add(node);
    }

    private void step() throws InterruptedException {
        tables.pass(STEP);
        for (Simulated node : nodes) {
            node.run();
        }
    }

    /** Runs until every shard is owned as planned; returns how long that took. */
    private double settle() throws InterruptedException {
        long begun = tables.nanoTime();
        while (!isSettled()) {
            step();
            if (tables.nanoTime() - begun > LONGEST.toNanos()) {
                throw new IllegalStateException("shards without an owner after " + LONGEST);
            }
        }
        return (tables.nanoTime() - begun) / 1e9;
    }

    private boolean isSettled() {
        if (!tables.isComplete()) {
            return false;
        }
        Set<Integer> owned = new HashSet<>();
        for (Simulated node : nodes) {
            for (int shard : node.shards.begin()) {
                if (!owned.add(shard)) {
                    throw new IllegalStateException("shard " + shard + " is active at two nodes");
                }
            }
        }
        return owned.size() == ClusterTables.SHARDS
                && nodes.stream().allMatch(node -> node.shards.begin().equals(planned(node)));
    }

    private Set<Integer> planned(Simulated node) {
        Set<UUID> ids = new HashSet<>();
        nodes.forEach(it -> ids.add(it.id));
        if (!plan.nodes().equals(ids)) {
            plan = ShardPlan.of(ids);
        }
        Set<Integer> shards = new HashSet<>();
        for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
            if (plan.isFor(shard, node.id)) {
                shards.add(shard);
            }
        }
        return shards;
    }

    /** A node joins, or one is killed; runs until everything is owned again, and a while longer. */
    public Change change(boolean joins) throws InterruptedException {
        ShardPlan before = ShardPlan.of(nodes.stream().map(it -> it.id).toList());
        Map<Integer, UUID> ownersBefore = tables.owners();
        long rowsBefore = tables.shardRows();
        if (joins) {
            join();
        } else {
            nodes.remove(random.nextInt(nodes.size()));
        }
        double seconds = settle();
        ShardPlan after = ShardPlan.of(nodes.stream().map(it -> it.id).toList());
        int planned = 0;
        for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
            planned += before.ownerOf(shard).equals(after.ownerOf(shard)) ? 0 : 1;
        }
        pass(random.nextInt(1000));
        Map<Integer, UUID> ownersAfter = tables.owners();
        int moved = 0;
        for (int shard = 0; shard < ClusterTables.SHARDS; shard++) {
            moved += Objects.equals(ownersAfter.get(shard), ownersBefore.get(shard)) ? 0 : 1;
        }
        return new Change(joins, planned, moved, tables.shardRows() - rowsBefore, seconds);
    }

    private void pass(int millis) throws InterruptedException {
        for (long passed = 0; passed < millis; passed += STEP.toMillis()) {
            step();
        }
    }

    /** Rows written a node and second while nothing changes. */
    public double idleRows(int seconds) throws InterruptedException {
        long before = tables.heartbeatRows() + tables.shardRows();
        pass(seconds * 1000);
        return (double) (tables.heartbeatRows() + tables.shardRows() - before)
                / seconds
                / nodes.size();
    }

    /**
     * The accounts of the node with the most, as a multiple of the mean.
     *
     * @param accounts of each shard
     */
    public double busiest(long[] accounts) {
        long all = 0;
        long most = 0;
        for (Simulated node : nodes) {
            long own = node.shards.begin().stream().mapToLong(shard -> accounts[shard]).sum();
            all += own;
            most = Math.max(most, own);
        }
        return (double) most * nodes.size() / all;
    }

    public int size() {
        return nodes.size();
    }
}
