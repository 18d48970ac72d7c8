package dev.mailbell.ui.overview;

import dev.mailbell.account.AccountState;
import dev.mailbell.api.http.Principal;
import dev.mailbell.client.Scope;
import dev.mailbell.database.Database;
import dev.mailbell.routing.ClusterStats;
import dev.mailbell.routing.ClusterStats.Stats;
import dev.mailbell.routing.ClusterStatus;
import dev.mailbell.routing.ClusterStatus.OfNode;
import dev.mailbell.status.Cached;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.Point;
import dev.mailbell.status.Recent;
import dev.mailbell.ui.overview.OverviewStore.Accounts;
import dev.mailbell.ui.overview.OverviewStore.Host;
import dev.mailbell.ui.overview.OverviewStore.Webhooks;
import dev.mailbell.ui.overview.OverviewView.Tile;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.ui.page.Show;
import dev.mailbell.ui.page.ShownUrl;
import dev.mailbell.watch.account.AccountModes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** The page that says whether everything is watched, and what needs you. */
public final class OverviewPages {
    private static final Duration COUNTS_LAST = Duration.ofSeconds(4);

    private final ClusterStatus cluster;
    private final OverviewStore store;
    private final Supplier<Optional<Everything>> everything;
    private final Recent<UUID, AccountsOfClient> accountsOfClients;
    private final Recent<UUID, Webhooks> webhooksOfClients;
    private final Supplier<List<String>> notReady;
    private final Needs needs;

    /**
     * What the operator sees, as it was a moment ago.
     *
     * @param nodes all live nodes
     */
    record Everything(
            Stats stats,
            List<OfNode> nodes,
            Accounts accounts,
            Webhooks webhooks,
            List<Host> hosts,
            List<String> notReady) {
        List<NodeStatus> statuses() {
            return OverviewPages.statuses(nodes);
        }

        AccountModes modes() {
            return statuses().stream()
                    .map(NodeStatus::modes)
                    .reduce(AccountModes.NONE, AccountModes::plus);
        }
    }

    /** What a client sees of its accounts, as it was a moment ago. */
    private record AccountsOfClient(Accounts accounts, AccountModes modes, List<Host> hosts) {}

    /**
     * @param notReady why this node cannot do its work, for people
     */
    public OverviewPages(
            Jdbi jdbi, ClusterStats stats, ClusterStatus cluster, Supplier<List<String>> notReady) {
        this.cluster = cluster;
        this.store = new OverviewStore(jdbi);
        this.needs = new Needs();
        this.notReady = notReady;
        this.everything = new Cached<>(() -> read(stats), COUNTS_LAST, System::nanoTime);
        this.accountsOfClients =
                new Recent<>(
                        client ->
                                new AccountsOfClient(
                                        store.accounts(client),
                                        cluster.modes(client),
                                        store.hosts(client)),
                        COUNTS_LAST,
                        System::nanoTime);
        this.webhooksOfClients = new Recent<>(store::webhooks, COUNTS_LAST, System::nanoTime);
    }

    /** Empty while the database is away. */
    private Optional<Everything> read(ClusterStats stats) {
        try {
            return Optional.of(
                    new Everything(
                            stats.read(),
                            cluster.all(),
                            store.accounts(null),
                            store.webhooks(null),
                            store.hosts(null),
                            notReady.get()));
        } catch (RuntimeException e) {
            if (!Database.isAway(e)) {
                throw e;
            }
            return Optional.empty();
        }
    }

    /** Of the nodes that answered. */
    private static List<NodeStatus> statuses(List<OfNode> nodes) {
        List<NodeStatus> statuses = new ArrayList<>();
        for (OfNode node : nodes) {
            NodeStatus status = node.status();
            if (status != null) {
                statuses.add(status);
            }
        }
        return statuses;
    }

    public void addTo(Pages pages) {
        pages.entry("Overview", Pages.HOME);
        pages.get(Pages.HOME, this::show);
    }

    private void show(PageRequest request) {
        request.show(
                "overview/overview",
                "Overview",
                request.isOperator() ? ofOperator(request) : ofClient(request));
    }

    private OverviewView ofOperator(PageRequest request) {
        Optional<Everything> found = everything.get();
        return found.isPresent() ? ofOperator(request, found.get()) : withoutDatabase(request);
    }

    private OverviewView ofOperator(PageRequest request, Everything all) {
        Hour hour = new Hour(all.statuses(), request.now().getEpochSecond());
        List<Tile> work = new ArrayList<>(rates(hour));
        work.add(nodes(all));
        return view(
                needs.ofOperator(all, request.now()),
                accounts(all.accounts(), all.modes()),
                work,
                new OverviewView.Operator(hour.charts()));
    }

    /** What the nodes have in memory. */
    private OverviewView withoutDatabase(PageRequest request) {
        Hour hour = new Hour(statuses(cluster.all()), request.now().getEpochSecond());
        return view(
                needs.withoutDatabase(notReady.get()),
                List.of(),
                rates(hour),
                new OverviewView.Operator(hour.charts()));
    }

    private OverviewView ofClient(PageRequest request) {
        Principal principal = request.principal();
        UUID client = principal.clientId();
        List<Need> found = new ArrayList<>();
        List<Tile> accounts = new ArrayList<>();
        List<Tile> work = new ArrayList<>();
        if (request.may(Scope.ACCOUNTS_READ)) {
            AccountsOfClient counts = accountsOfClients.get(client);
            accounts.addAll(accounts(counts.accounts(), counts.modes()));
            found.addAll(needs.ofParked(counts.accounts()));
            found.addAll(needs.ofHosts(counts.hosts(), List.of()));
        }
        if (request.may(Scope.WEBHOOKS_READ)) {
            Webhooks webhooks = webhooksOfClients.get(client);
            work.addAll(webhooks(webhooks));
            found.addAll(
                    needs.ofWebhooks(webhooks, url -> ShownUrl.of(url, request), request.now()));
        }
        return view(found, accounts, work, null);
    }

    private static OverviewView view(
            List<Need> needs,
            List<Tile> accounts,
            List<Tile> work,
            OverviewView.@Nullable Operator operator) {
        // The worst first; those of a kind stay in their order.
        List<Need> worstFirst =
                needs.stream().sorted(Comparator.comparing(need -> !need.isBad())).toList();
        boolean bad = needs.stream().anyMatch(Need::isBad);
        String verdict = needs.isEmpty() ? "good" : bad ? "bad" : "warn";
        String sentence =
                needs.isEmpty()
                        ? "Everything is watched, and nothing needs you."
                        : Show.count(needs.size(), "thing needs you.", "things need you.");
        return new OverviewView(verdict, sentence, worstFirst, accounts, work, operator);
    }

    private static List<Tile> accounts(Accounts counts, AccountModes modes) {
        List<Tile> tiles = new ArrayList<>();
        tiles.add(Tile.of("Accounts", Show.count(counts.all())).at("/ui/accounts"));
        tiles.add(
                Tile.of("Watching", Show.count(counts.of(AccountState.WATCHING)))
                        .with(
                                Show.count(modes.pushing())
                                        + " pushed, "
                                        + Show.count(modes.polling())
                                        + " polled")
                        .at("/ui/accounts?state=watching"));
        for (AccountState state :
                List.of(
                        AccountState.CONNECTING,
                        AccountState.RETRYING,
                        AccountState.PARKED,
                        AccountState.PAUSED)) {
            long count = counts.of(state);
            String name = state.wireName();
            tiles.add(
                    Tile.of(
                                    Character.toUpperCase(name.charAt(0)) + name.substring(1),
                                    Show.count(count))
                            .as(count == 0 ? "" : kind(state))
                            .at("/ui/accounts?state=" + name));
        }
        return tiles;
    }

    private static String kind(AccountState state) {
        return switch (state) {
            case RETRYING -> "bad";
            case PARKED -> "warn";
            case CONNECTING, WATCHING, PAUSED -> "";
        };
    }

    private static List<Tile> webhooks(Webhooks webhooks) {
        return List.of(
                Tile.of("Webhooks", Show.count(webhooks.enabled() + webhooks.failing()))
                        .with(
                                webhooks.disabled() == 0
                                        ? ""
                                        : Show.count(webhooks.disabled()) + " disabled besides")
                        .at("/ui/webhooks"),
                Tile.of("Failing webhooks", Show.count(webhooks.failing()))
                        .as(webhooks.failing() == 0 ? "" : "bad")
                        .at("/ui/webhooks"));
    }

    private static List<Tile> rates(Hour hour) {
        double oldest = hour.oldestPending();
        return List.of(
                Tile.of("Checks a second", Show.rate(hour.perSecond(Point::checks)))
                        .with(Show.rate(hour.perSecond(Point::failedChecks)) + " failed")
                        .at("/ui/hosts"),
                Tile.of("Deliveries a second", Show.rate(hour.perSecond(Point::delivered)))
                        .with(Show.rate(hour.perSecond(Point::failedPosts)) + " failed")
                        .at("/ui/webhooks"),
                Tile.of("Seen to webhook", Hour.millis(hour.postMillis(0.5)))
                        .with("99 of 100 within " + Hour.millis(hour.postMillis(0.99))),
                Tile.of("Arrival to seen", Hour.millis(hour.arrivalSeconds() * 1_000))
                        .with("on average, in 5 min"),
                Tile.of("Oldest pending delivery", Hour.millis(oldest * 1_000))
                        .as(oldest > Needs.OLD_DELIVERY.toSeconds() ? "warn" : "")
                        .at("/ui/webhooks"));
    }

    private static Tile nodes(Everything all) {
        int owned = all.stats().nodes().stream().mapToInt(ClusterStats.NodeStats::shards).sum();
        int unowned = all.stats().unowned();
        return Tile.of("Nodes", Show.count(all.nodes().size()))
                .with(
                        unowned == 0
                                ? "all " + Show.count(owned) + " shards owned"
                                : Show.count(unowned) + " shards unowned")
                .as(unowned == 0 ? "" : "bad")
                .at("/ui/nodes");
    }
}
