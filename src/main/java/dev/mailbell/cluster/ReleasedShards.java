package dev.mailbell.cluster;

import dev.mailbell.cluster.ClusterTables.NodeRow;
import dev.mailbell.cluster.ClusterTables.ShardRows;
import dev.mailbell.cluster.ClusterTables.View;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * The shards that this node has released and that other nodes have not taken yet, and how many each
 * of them is given at once. A node is given nothing more before it has taken the last ones and has
 * begun their work. One for which that is quick is given twice as many the next time, and one for
 * which it is slow half as many. So what is released hardly waits, and a node that has just
 * started, whose code is still slow, gets few at first.
 */
final class ReleasedShards {
    /** The size of a node's first group. */
    static final int FIRST = 1;

    /** The most that are released at once, for all nodes together. */
    static final int MOST = 32;

    /** A node that has taken and begun within this time is given more the next time. */
    private static final Duration QUICK = Duration.ofMillis(500);

    /** A node that needs longer to take and begin is given fewer. */
    private static final Duration SLOW = Duration.ofSeconds(1);

    /** A node that leaves waits so long at most for the next owner. */
    private static final Duration LEAVING_PATIENCE = Duration.ofMillis(500);

    /**
     * When a node has been given nothing for so long, the size of its group falls back to {@link
     * #FIRST}.
     */
    private static final Duration FORGOTTEN = Duration.ofSeconds(5);

    /** A group of a node that leaves takes so long at least: the wait, and a round or two. */
    private static final Duration GROUP_OF_LEAVING = Duration.ofMillis(650);

    private final LongSupplier nanoTime;
    private final Duration leave;
    private final Map<UUID, NextOwner> nextOwners = new HashMap<>();
    private boolean leaving;
    private long leavingSince;
    private int groupsOfLeaving;

    private static final class NextOwner {
        private final Set<Integer> waiting = new HashSet<>();
        private int group = FIRST;
        private boolean hasBegun = true;
        private boolean busy;
        private long releasedAt;

        NextOwner(long now) {
            releasedAt = now;
        }

        boolean mayTake() {
            return waiting.isEmpty() && !busy;
        }
    }

    /**
     * @param nanoTime the monotonic clock
     * @param leave how long a node that leaves has
     */
    ReleasedShards(LongSupplier nanoTime, Duration leave) {
        this.nanoTime = nanoTime;
        this.leave = leave;
    }

    /** These are released now. */
    void add(Set<Integer> shards, ShardPlan plan) {
        long now = nanoTime.getAsLong();
        for (Integer shard : shards) {
            plan.ownerOf(shard)
                    .ifPresent(to -> {
                        NextOwner next = nextOwners.computeIfAbsent(to, any -> new NextOwner(now));
                        next.waiting.add(shard);
                        next.hasBegun = false;
                        next.releasedAt = now;
                    });
        }
    }

    /** Notes what has been taken and begun, by the tables as they were read. */
    void update(View view, ShardRows rows, ShardPlan plan) {
        nextOwners.keySet().retainAll(plan.nodes());
        long now = nanoTime.getAsLong();
        for (NodeRow node : view.nodes()) {
            if (plan.nodes().contains(node.id())) {
                NextOwner next = nextOwners.computeIfAbsent(node.id(), any -> new NextOwner(now));
                next.busy = node.busy();
                next.waiting.removeIf(
                        shard -> !plan.isFor(shard, node.id()) || rows.isOwnedBy(shard, node.id()));
                if (!next.hasBegun && next.mayTake()) {
                    adapt(next);
                }
            }
        }
    }

    private void adapt(NextOwner next) {
        next.hasBegun = true;
        long took = nanoTime.getAsLong() - next.releasedAt;
        if (took <= QUICK.toNanos()) {
            next.group = Math.min(MOST, next.group * 2);
        } else if (took > SLOW.toNanos()) {
            next.group = Math.max(1, next.group / 2);
        }
    }

    /**
     * Which shards may be released now.
     *
     * @param moving those that this node still has for others
     * @param leaving whether this node cannot wait for long
     */
    Set<Integer> nextGroup(Set<Integer> moving, ShardPlan plan, boolean leaving) {
        int least = leaving ? least(moving.size(), plan.nodes().size()) : 0;
        this.leaving = leaving;
        int most = Math.max(MOST, least * plan.nodes().size());
        Map<UUID, Integer> room = new HashMap<>();
        Set<Integer> group = new HashSet<>();
        for (int shard : moving.stream().sorted().toList()) {
            UUID to = plan.ownerOf(shard).orElseThrow();
            int left = room.computeIfAbsent(to, any -> room(any, least, leaving));
            if (left > 0 && group.size() < most) {
                group.add(shard);
                room.put(to, left - 1);
            }
        }
        groupsOfLeaving += leaving && !group.isEmpty() ? 1 : 0;
        return group;
    }

    /**
     * How many shards a node that leaves gives to each of the others at once, at least: so many
     * that all are released in the time that is left, if each group takes as long as those before.
     */
    private int least(int moving, int others) {
        long now = nanoTime.getAsLong();
        if (!leaving) {
            leavingSince = now;
            groupsOfLeaving = 0;
        }
        long elapsed = now - leavingSince;
        long each = Math.max(GROUP_OF_LEAVING.toNanos(), elapsed / Math.max(1, groupsOfLeaving));
        long groups = Math.max(1, (leave.toNanos() - elapsed) / each);
        return Math.ceilDiv(moving, (int) groups * others);
    }

    /** How many shards may be released for a node now. */
    private int room(UUID id, int least, boolean leaving) {
        long now = nanoTime.getAsLong();
        NextOwner next = nextOwners.computeIfAbsent(id, any -> new NextOwner(now));
        long since = now - next.releasedAt;
        if (!next.mayTake()) {
            if (!leaving || since <= LEAVING_PATIENCE.toNanos()) {
                return 0;
            }
            next.waiting.clear();
            adapt(next);
        } else if (since > FORGOTTEN.toNanos()) {
            next.group = FIRST;
        }
        return Math.max(least, next.group);
    }
}
