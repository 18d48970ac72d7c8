package dev.mailbell.api.admin;

import dev.mailbell.account.Account;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.cluster.Member;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.routing.ClusterStats;
import dev.mailbell.routing.ClusterStats.NodeStats;
import dev.mailbell.routing.ClusterStats.Stats;
import io.javalin.http.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The route that shows the cluster to the operator. */
public final class StatsRoutes {
    private final ClusterStats stats;

    public StatsRoutes(ClusterStats stats) {
        this.stats = stats;
    }

    public void addTo(Routes routes) {
        routes.get("/v1/stats", Scope.ADMIN, this::show);
    }

    private record View(
            UUID node,
            List<NodeView> nodes,
            Shards shards,
            Counts counts,
            @Nullable CanaryView canary) {}

    private record NodeView(
            UUID id,
            String name,
            String version,
            Instant startedAt,
            boolean leaving,
            int shards,
            String configuration,
            boolean configurationDiffers) {}

    private record Shards(int total, int unowned, @Nullable Instant unownedSince) {}

    private record Counts(long takeovers, long fencedWrites, Map<String, Long> forwardedRequests) {}

    private record CanaryView(
            UUID accountId,
            boolean late,
            int misses,
            @Nullable String reason,
            @Nullable String message,
            @Nullable Instant announcedAt,
            @Nullable Double tookSeconds) {
        static @Nullable CanaryView of(@Nullable CanaryStatus canary) {
            if (canary == null) {
                return null;
            }
            Duration took = canary.took();
            return new CanaryView(
                    canary.account(),
                    canary.late(),
                    canary.misses(),
                    canary.reason(),
                    canary.message(),
                    canary.announcedAt(),
                    took == null ? null : (Double) (took.toMillis() / 1000.0));
        }
    }

    private void show(Context context) {
        Query.of(context).validate();
        Responses.ok(context, view(stats.read()));
    }

    private static View view(Stats stats) {
        String own =
                stats.nodes().stream()
                        .map(NodeStats::member)
                        .filter(member -> member.id().equals(stats.self()))
                        .map(Member::configuration)
                        .findFirst()
                        .orElse("");
        return new View(
                stats.self(),
                stats.nodes().stream().map(node -> view(node, own)).toList(),
                new Shards(Account.SHARDS, stats.unowned(), stats.unownedSince()),
                new Counts(
                        stats.counts().takeovers(),
                        stats.counts().fencedWrites(),
                        stats.forwarded()),
                CanaryView.of(stats.canary()));
    }

    private static NodeView view(NodeStats node, String own) {
        Member member = node.member();
        return new NodeView(
                member.id(),
                member.name(),
                member.version(),
                member.startedAt(),
                member.leaving(),
                node.shards(),
                member.configuration(),
                !member.configuration().equals(own));
    }
}
