package dev.mailbell.ui.cluster;

import dev.mailbell.client.Scope;
import dev.mailbell.config.Configuration;
import dev.mailbell.config.ProviderProfile;
import dev.mailbell.network.Host;
import dev.mailbell.routing.ClusterStatus;
import dev.mailbell.routing.ClusterStatus.OfNode;
import dev.mailbell.status.Cached;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.NodeStatus.HostView;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The page of the mail hosts: what they get, what they refuse, and by which limits. */
public final class HostPages {
    private static final Duration LASTS = Duration.ofSeconds(2);
    private static final int MOST_SHOWN = 200;

    private final Supplier<List<OfNode>> nodes;
    private final Supplier<Configuration> configuration;

    public HostPages(ClusterStatus cluster, Supplier<Configuration> configuration) {
        this.nodes = new Cached<>(cluster::all, LASTS, System::nanoTime);
        this.configuration = configuration;
    }

    public void addTo(Pages pages) {
        pages.entry("Hosts", "/ui/hosts", Scope.ADMIN);
        pages.get("/ui/hosts", Scope.ADMIN, this::show);
    }

    private void show(PageRequest request) {
        String filter = request.query("name").orElse("").toLowerCase(Locale.ROOT);
        Map<String, HostView> byName = new HashMap<>();
        List<String> silent = new ArrayList<>();
        int total = 0;
        for (OfNode node : nodes.get()) {
            NodeStatus status = node.status();
            if (status == null) {
                silent.add(node.member().name());
                continue;
            }
            total = Math.max(total, status.hostCount());
            for (HostView host : status.hosts()) {
                byName.merge(host.name(), host, HostPages::together);
            }
        }
        List<HostsView.Row> rows =
                byName.values().stream()
                        .filter(host -> host.name().contains(filter))
                        .sorted(
                                Comparator.comparing(HostView::isInTrouble)
                                        .thenComparingInt(
                                                host -> host.connections() + host.waiting())
                                        .reversed()
                                        .thenComparing(HostView::name))
                        .limit(MOST_SHOWN)
                        .map(this::row)
                        .toList();
        request.show(
                "cluster/hosts",
                "Hosts",
                new HostsView(rows, Math.max(total, byName.size()), filter, silent));
    }

    private static HostView together(HostView one, HostView other) {
        Integer limit =
                one.mostConnections() == null || other.mostConnections() == null
                        ? null
                        : (Integer) (one.mostConnections() + other.mostConnections());
        boolean otherIsLater =
                one.lastFailureAt() == null
                        || (other.lastFailureAt() != null
                                && other.lastFailureAt().isAfter(one.lastFailureAt()));
        HostView latest = otherIsLater ? other : one;
        return new HostView(
                one.name(),
                one.connections() + other.connections(),
                one.pushing() + other.pushing(),
                one.waiting() + other.waiting(),
                limit,
                one.loginsPerSecond() + other.loginsPerSecond(),
                Math.max(one.failuresInRow(), other.failuresInRow()),
                latest.lastFailure(),
                latest.lastFailureAt());
    }

    private HostsView.Row row(HostView host) {
        Configuration now = configuration.get();
        Optional<ProviderProfile> profile = profile(now, host.name());
        Integer logins = profile.map(ProviderProfile::loginsPerSecond).orElse(null);
        Integer connections = profile.map(ProviderProfile::connections).orElse(null);
        @Nullable Instant failedAt = host.lastFailureAt();
        return new HostsView.Row(
                host.name(),
                host.isInTrouble(),
                host.connections(),
                host.pushing(),
                host.waiting(),
                host.mostConnections() == null ? "" : host.mostConnections().toString(),
                host.loginsPerSecond(),
                logins == null ? now.polling().loginsPerSecond() : logins,
                source(profile, connections != null, logins != null, host.mostConnections()),
                host.lastFailure() == null ? null : host.lastFailure().replace('_', ' '),
                failedAt);
    }

    private static Optional<ProviderProfile> profile(Configuration configuration, String host) {
        try {
            return configuration.provider(Host.of(host));
        } catch (IllegalArgumentException notAName) {
            return Optional.empty();
        }
    }

    /** Where the limits come from. */
    private static String source(
            Optional<ProviderProfile> profile,
            boolean connections,
            boolean logins,
            @Nullable Integer mostConnections) {
        String named = profile.map(it -> "profile " + it.match().getFirst()).orElse("");
        List<String> parts = new ArrayList<>();
        if (connections) {
            parts.add("connections: " + named);
        } else if (mostConnections != null) {
            parts.add("connections: the host refused more");
        }
        parts.add("logins: " + (logins ? named : "polling.loginsPerSecond"));
        return String.join("; ", parts);
    }
}
