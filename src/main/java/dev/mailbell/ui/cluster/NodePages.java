package dev.mailbell.ui.cluster;

import dev.mailbell.account.Account;
import dev.mailbell.client.Scope;
import dev.mailbell.cluster.Member;
import dev.mailbell.routing.ClusterStats;
import dev.mailbell.routing.ClusterStats.NodeStats;
import dev.mailbell.routing.ClusterStats.Stats;
import dev.mailbell.routing.ClusterStatus;
import dev.mailbell.routing.ClusterStatus.OfNode;
import dev.mailbell.status.Cached;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.NodeStatus.HostView;
import dev.mailbell.status.Point;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The page of the nodes: which are alive, what each does, and which shards have an owner. */
public final class NodePages {
    private static final Duration LASTS = Duration.ofSeconds(2);
    private static final int PER_CENT = 100;

    /** A point that is not over yet says little. */
    private static final int POINTS_READ = 2;

    private final Supplier<Both> both;

    private record Both(Stats stats, List<OfNode> nodes) {}

    public NodePages(ClusterStats stats, ClusterStatus cluster) {
        this.both =
                new Cached<>(() -> new Both(stats.read(), cluster.all()), LASTS, System::nanoTime);
    }

    public void addTo(Pages pages) {
        pages.entry("Nodes", "/ui/nodes", Scope.ADMIN);
        pages.get("/ui/nodes", Scope.ADMIN, this::show);
    }

    private void show(PageRequest request) {
        Both now = both.get();
        Stats stats = now.stats();
        Map<UUID, NodeStatus> statuses = new HashMap<>();
        for (OfNode node : now.nodes()) {
            NodeStatus status = node.status();
            if (status != null) {
                statuses.put(node.member().id(), status);
            }
        }
        Member self =
                stats.nodes().stream()
                        .map(NodeStats::member)
                        .filter(member -> member.id().equals(stats.self()))
                        .findFirst()
                        .orElse(null);
        List<NodesView.Row> rows =
                stats.nodes().stream()
                        .map(node ->
                                row(node, statuses.get(node.member().id()), self, stats.self()))
                        .toList();
        long unanswered =
                stats.forwarded().entrySet().stream()
                        .filter(entry -> !entry.getKey().equals("answered"))
                        .mapToLong(Map.Entry::getValue)
                        .sum();
        request.show(
                "cluster/nodes",
                "Nodes",
                new NodesView(
                        rows,
                        Account.SHARDS,
                        stats.unowned(),
                        stats.unownedSince(),
                        stats.counts().takeovers(),
                        stats.counts().fencedWrites(),
                        unanswered));
    }

    private static NodesView.Row row(
            NodeStats node, @Nullable NodeStatus status, @Nullable Member self, UUID selfId) {
        Member member = node.member();
        Point lately = status == null ? null : lately(status);
        return new NodesView.Row(
                member.name(),
                member.id().toString(),
                member.id().equals(selfId),
                member.leaving(),
                status != null,
                member.version(),
                self != null && !self.version().equals(member.version()),
                member.configuration(),
                self != null && !self.configuration().equals(member.configuration()),
                status != null && status.configurationRefused(),
                member.startedAt(),
                Objects.toString(member.address(), "no address for other nodes"),
                node.shards(),
                node.shards() * PER_CENT / Account.SHARDS,
                status == null
                        ? 0
                        : status.modes().pushing()
                                + status.modes().polling()
                                + status.modes().unseen(),
                status == null ? 0 : status.hosts().stream().mapToInt(HostView::connections).sum(),
                lately == null ? 0 : lately.perSecond(lately.checks()),
                lately == null ? 0 : lately.perSecond(lately.delivered()),
                status == null ? 0 : status.oldestDueSeconds());
    }

    private static @Nullable Point lately(NodeStatus status) {
        List<Point> points = status.lastHour();
        return points.subList(Math.max(0, points.size() - POINTS_READ), points.size()).stream()
                .reduce(Point::then)
                .orElse(null);
    }
}
