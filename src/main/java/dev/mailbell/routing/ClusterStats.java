package dev.mailbell.routing;

import dev.mailbell.cluster.Member;
import dev.mailbell.cluster.Members;
import dev.mailbell.cluster.NodeCounts;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.routing.node.Nodes;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** What the operator sees of the cluster: its nodes, which shards they own, and the canary. */
public final class ClusterStats {
    private final Jdbi jdbi;
    private final Members members;
    private final Nodes nodes;
    private final Supplier<NodeCounts> counts;
    private final Supplier<Optional<CanaryStatus>> canary;

    /**
     * @param counts of this node
     * @param canary how it is, whichever node runs it
     */
    public ClusterStats(
            Jdbi jdbi,
            Members members,
            Nodes nodes,
            Supplier<NodeCounts> counts,
            Supplier<Optional<CanaryStatus>> canary) {
        this.jdbi = jdbi;
        this.members = members;
        this.nodes = nodes;
        this.counts = counts;
        this.canary = canary;
    }

    /**
     * A live node.
     *
     * @param shards how many it owns
     */
    public record NodeStats(Member member, int shards) {}

    /**
     * The cluster now, and what this node has counted since its start.
     *
     * @param self the node that answers
     * @param unowned shards that no live node owns
     * @param unownedSince since when the first of them has none; null when all have one
     * @param forwarded requests to other nodes by their result
     * @param canary null where none is configured
     */
    public record Stats(
            UUID self,
            List<NodeStats> nodes,
            int unowned,
            @Nullable Instant unownedSince,
            NodeCounts counts,
            Map<String, Long> forwarded,
            @Nullable CanaryStatus canary) {
        public Stats {
            nodes = List.copyOf(nodes);
        }
    }

    /**
     * Shards of one owner.
     *
     * @param node null: none
     * @param since when the first of them lost its owner; null when the owner is live
     */
    private record Share(@Nullable UUID node, int shards, @Nullable Instant since) {}

    public Stats read() {
        Map<UUID, Integer> owned = new HashMap<>();
        int unowned = 0;
        Instant unownedSince = null;
        for (Share share : shares()) {
            if (share.node() != null && share.since() == null) {
                owned.put(share.node(), share.shards());
                continue;
            }
            unowned += share.shards();
            if (share.since() != null
                    && (unownedSince == null || share.since().isBefore(unownedSince))) {
                unownedSince = share.since();
            }
        }
        List<NodeStats> live = new ArrayList<>();
        for (Member member : members.live()) {
            live.add(new NodeStats(member, owned.getOrDefault(member.id(), 0)));
        }
        return new Stats(
                members.self(),
                live,
                unowned,
                unownedSince,
                counts.get(),
                nodes.forwarded(),
                canary.get().orElse(null));
    }

    private List<Share> shares() {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select s.node, count(*) as shards, min(case
                                    when n.expires_at > clock_timestamp() then null
                                    else greatest(s.since, n.expires_at) end) as since
                                from shard s left join node n on n.id = s.node
                                group by s.node\
                                """)
                        .map((row, context) -> {
                            OffsetDateTime since = row.getObject("since", OffsetDateTime.class);
                            return new Share(
                                    row.getObject("node", UUID.class),
                                    row.getInt("shards"),
                                    since == null ? null : since.toInstant());
                        })
                        .list());
    }
}
