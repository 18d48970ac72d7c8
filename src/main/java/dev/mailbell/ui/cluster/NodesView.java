package dev.mailbell.ui.cluster;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that share the work.
 *
 * @param shards all of them
 * @param unownedSince since when the first unowned shard has no owner; null for none
 * @param takeovers shards that this node took over from dead nodes
 * @param fencedWrites writes of this node that were refused, because another node may own their
 *     shard
 */
public record NodesView(
        List<Row> nodes,
        int shards,
        int unowned,
        @Nullable Instant unownedSince,
        long takeovers,
        long fencedWrites,
        long unansweredRequests) {
    public NodesView {
        nodes = List.copyOf(nodes);
    }

    /**
     * A node.
     *
     * @param self whether it made this page
     * @param answers whether it said how it is
     * @param share of all shards, in per cent
     * @param oldestDue seconds; 0 when no check is due
     */
    public record Row(
            String name,
            String id,
            boolean self,
            boolean leaving,
            boolean answers,
            String version,
            boolean otherVersion,
            String configuration,
            boolean otherConfiguration,
            boolean configurationRefused,
            Instant startedAt,
            String address,
            int shards,
            int share,
            int accounts,
            int sessions,
            double checksPerSecond,
            double deliveriesPerSecond,
            double oldestDue) {}
}
