package dev.mailbell.ui.overview;

import dev.mailbell.cluster.Member;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.mail.FailureAdvice;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.routing.ClusterStats.Stats;
import dev.mailbell.routing.ClusterStatus.OfNode;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.status.NodeStatus.HostView;
import dev.mailbell.ui.overview.OverviewPages.Everything;
import dev.mailbell.ui.overview.OverviewStore.Accounts;
import dev.mailbell.ui.overview.OverviewStore.Host;
import dev.mailbell.ui.overview.OverviewStore.Webhook;
import dev.mailbell.ui.overview.OverviewStore.Webhooks;
import dev.mailbell.ui.page.Show;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what needs you, the worst first. */
final class Needs {
    /** A check that is due for longer is overdue for people. */
    private static final Duration OVERDUE = Duration.ofMinutes(1);

    static final Duration OLD_DELIVERY = Duration.ofMinutes(5);

    private static final int MOST_SHOWN = 5;

    List<Need> ofOperator(Everything all, Instant now) {
        List<Need> needs = new ArrayList<>(ofReadiness(all.notReady()));
        needs.addAll(ofCanary(all.stats().canary(), now));
        needs.addAll(ofShards(all.stats(), now));
        needs.addAll(ofNodes(all));
        needs.addAll(ofHosts(all.hosts(), inTrouble(all)));
        needs.addAll(ofWebhooks(all.webhooks(), url -> url, now));
        needs.addAll(ofParked(all.accounts()));
        return needs;
    }

    private static List<Need> ofReadiness(List<String> notReady) {
        return notReady.stream()
                .map(reason ->
                        Need.bad(
                                "This node is not ready: " + reason,
                                "It goes on by itself once the cause is gone; its log has the"
                                        + " details."))
                .toList();
    }

    /** What is known without the tables. */
    List<Need> withoutDatabase(List<String> notReady) {
        List<Need> needs = new ArrayList<>();
        needs.add(
                Need.bad(
                        "The database does not answer",
                        "Checks and deliveries wait, and go on by themselves; nothing is lost. Look"
                                + " at the database and the way to it."));
        needs.addAll(ofReadiness(notReady));
        return needs;
    }

    /** Why its mails are missed is in the advice, because the texts of servers are long. */
    static List<Need> ofCanary(@Nullable CanaryStatus canary, Instant now) {
        if (canary == null || !canary.late()) {
            return List.of();
        }
        Instant last = canary.announcedAt();
        return List.of(
                Need.bad(
                                "The canary is late: "
                                        + Show.count(canary.misses(), "mail", "mails")
                                        + " in a row missed"
                                        + (last == null
                                                ? ""
                                                : ", the last one came "
                                                        + Show.relative(last, now)),
                                "The latest: " + canary.message())
                        .at("/ui/accounts/" + canary.account(), "Account"));
    }

    private static List<Need> ofShards(Stats stats, Instant now) {
        if (stats.unowned() == 0) {
            return List.of();
        }
        Instant since = stats.unownedSince();
        return List.of(
                Need.bad(
                                Show.count(stats.unowned(), "shard has", "shards have")
                                        + " no node"
                                        + (since == null
                                                ? ""
                                                : ", since " + Show.relative(since, now)),
                                "Their accounts are not checked. Live nodes take them within"
                                        + " seconds; if not, start a node.")
                        .at("/ui/nodes", "Nodes"));
    }

    private static List<Need> ofNodes(Everything all) {
        List<Need> needs = new ArrayList<>();
        Set<String> configurations = new TreeSet<>();
        Set<String> versions = new TreeSet<>();
        for (OfNode node : all.nodes()) {
            Member member = node.member();
            configurations.add(member.configuration());
            versions.add(member.version());
            NodeStatus status = node.status();
            if (status == null) {
                needs.add(
                        Need.warn(
                                        "Node " + member.name() + " cannot be reached",
                                        "It is alive in the database, but this node cannot reach it:"
                                                + " look at cluster.address and the network.")
                                .at("/ui/nodes", "Nodes"));
                continue;
            }
            if (status.configurationRefused()) {
                needs.add(
                        Need.warn(
                                        "The configuration of node "
                                                + member.name()
                                                + " is refused",
                                        "Its file has faults; it goes on with what it had. Correct"
                                                + " the file, then reload.")
                                .at("/ui/configuration", "Faults"));
            }
            if (status.oldestDueSeconds() > OVERDUE.toSeconds()) {
                needs.add(overdue(member, status));
            }
        }
        if (configurations.size() > 1) {
            needs.add(
                    Need.warn(
                                    "The nodes have different configurations",
                                    "Give all nodes the same file, then reload.")
                            .at("/ui/nodes", "Nodes"));
        }
        if (versions.size() > 1) {
            needs.add(
                    Need.warn(
                                    "The nodes have different versions: "
                                            + String.join(", ", versions),
                                    "Finish the upgrade.")
                            .at("/ui/nodes", "Nodes"));
        }
        return needs;
    }

    private static Need overdue(Member member, NodeStatus status) {
        return Need.bad(
                        "Checks of node "
                                + member.name()
                                + " are overdue, the oldest by "
                                + Show.duration(
                                        Duration.ofSeconds((long) status.oldestDueSeconds())),
                        "Look which mail host lets them wait. Otherwise raise polling.concurrency, or"
                                + " add a node.")
                .at("/ui/hosts", "Hosts");
    }

    /** The hosts that fail over and over at some node, and why. */
    private static List<HostView> inTrouble(Everything all) {
        return all.statuses().stream()
                .flatMap(status -> status.hosts().stream())
                .filter(HostView::isInTrouble)
                .toList();
    }

    /**
     * @param inTrouble where checks fail over and over, also without an account in the state
     */
    List<Need> ofHosts(List<Host> hosts, List<HostView> inTrouble) {
        List<Need> needs = new ArrayList<>();
        for (Host host : hosts) {
            needs.add(
                    Need.bad(
                                    host.host()
                                            + ": "
                                            + words(host.failure())
                                            + " ("
                                            + Show.count(host.accounts(), "account", "accounts")
                                            + ")",
                                    adviceOnHost(host.failure()))
                            .at(
                                    "/ui/accounts?state=retrying&host=" + encoded(host.host()),
                                    "Accounts"));
        }
        Set<String> named = hosts.stream().map(Host::host).collect(Collectors.toSet());
        inTrouble.stream()
                .filter(host -> !named.contains(host.name()))
                .limit(MOST_SHOWN)
                .forEach(host ->
                        needs.add(
                                Need.warn(
                                                host.name()
                                                        + ": "
                                                        + words(String.valueOf(host.lastFailure())),
                                                adviceOnHost(String.valueOf(host.lastFailure())))
                                        .at("/ui/hosts", "Hosts")));
        return needs;
    }

    /**
     * @param shown how a URL is shown
     */
    List<Need> ofWebhooks(Webhooks webhooks, UnaryOperator<String> shown, Instant now) {
        List<Need> needs = new ArrayList<>();
        for (Webhook webhook : webhooks.longest()) {
            boolean disabled = webhook.state().equals("disabled");
            Instant since = webhook.failingSince();
            String error = webhook.lastError();
            needs.add(
                    Need.bad(
                                    (disabled ? "A webhook was disabled: " : "A webhook fails: ")
                                            + shown.apply(webhook.url())
                                            + (since == null
                                                    ? ""
                                                    : ", since " + Show.relative(since, now))
                                            + (error == null ? "" : ", " + error),
                                    disabled
                                            ? "Correct the receiver, enable the webhook, and recover"
                                                    + " what it missed."
                                            : "Correct the receiver; deliveries are tried again by"
                                                    + " themselves.")
                            .at("/ui/webhooks/" + webhook.id(), "Webhook"));
        }
        long more = webhooks.failing() + webhooks.disabled() - webhooks.longest().size();
        if (more > 0 && !webhooks.longest().isEmpty()) {
            needs.add(
                    Need.bad(
                                    Show.count(more, "more webhook does", "more webhooks do")
                                            + " not accept deliveries",
                                    "Look at each of them.")
                            .at("/ui/webhooks", "Webhooks"));
        }
        return needs;
    }

    List<Need> ofParked(Accounts accounts) {
        List<Need> needs = new ArrayList<>();
        accounts.parked()
                .forEach((code, count) ->
                        needs.add(
                                Need.warn(
                                                Show.count(
                                                                count,
                                                                "account is parked",
                                                                "accounts are parked")
                                                        + ": "
                                                        + words(code),
                                                adviceOnParked(code))
                                        .at("/ui/accounts?state=parked", "Accounts")));
        return needs;
    }

    private static String words(String code) {
        return FailureCode.ofWireName(code)
                .map(FailureAdvice::inShort)
                .orElse("the checks fail (" + code + ")");
    }

    private static String adviceOnHost(String code) {
        return FailureCode.ofWireName(code)
                .map(FailureAdvice::forHost)
                .orElse(
                        "Checks are tried again by themselves; the accounts say what was answered.");
    }

    private static String adviceOnParked(String code) {
        return FailureCode.ofWireName(code)
                .map(FailureAdvice::forParked)
                .orElse("Look at the accounts: each says what its server answered.");
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
