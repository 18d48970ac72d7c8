package dev.mailbell.cluster;

import dev.mailbell.cluster.ClusterTables.NodeRow;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Decides which nodes are dead. A node is, when its row has expired by the database server's clock
 * and this node has besides seen it unchanged for {@link #SEEN}, longer than a node trusts its last
 * heartbeat; so a step of the server's clock, or a failover to a server with another one, kills no
 * node. When that clock was set back, a row that is unchanged for {@link #SEEN_FOR_CERTAIN} is
 * enough.
 *
 * <p>After a time in which this node itself could not renew its heartbeat, the others could perhaps
 * not either: for {@link Heartbeats#LIFE} it takes none for dead. Used by one thread.
 */
final class DeadNodes {
    /** Longer than {@link Heartbeats#TRUST}. */
    static final Duration SEEN = Duration.ofSeconds(4);

    static final Duration SEEN_FOR_CERTAIN = Heartbeats.LIFE.multipliedBy(2);

    private final Map<UUID, Seen> seen = new HashMap<>();

    private record Seen(Instant expiresAt, long since) {}

    /**
     * Notes rows that were read, and returns those of dead nodes.
     *
     * @param others without this node
     * @param before the monotonic time before they were read
     * @param after the same after it
     * @param renewedSince since when this node has renewed its heartbeat without a gap
     */
    List<NodeRow> among(List<NodeRow> others, long before, long after, long renewedSince) {
        seen.keySet().retainAll(others.stream().map(NodeRow::id).toList());
        for (NodeRow row : others) {
            Seen last = seen.get(row.id());
            if (last == null || !last.expiresAt.equals(row.expiresAt())) {
                seen.put(row.id(), new Seen(row.expiresAt(), after));
            }
        }
        if (before - renewedSince < Heartbeats.LIFE.toNanos()) {
            return List.of();
        }
        return others.stream().filter(row -> isDead(row, before, renewedSince)).toList();
    }

    /** Whether a node of those that were noted has not renewed its row in time. */
    boolean isAnyLate(long now) {
        return seen.values().stream()
                .anyMatch(last -> now - last.since >= Heartbeats.TRUST.toNanos());
    }

    private boolean isDead(NodeRow row, long now, long renewedSince) {
        Seen last = seen.get(row.id());
        long since = last == null ? now : Math.max(last.since, renewedSince);
        return now - since >= (row.expired() ? SEEN : SEEN_FOR_CERTAIN).toNanos();
    }
}
