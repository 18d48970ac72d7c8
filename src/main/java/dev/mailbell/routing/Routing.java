package dev.mailbell.routing;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.cluster.Members;
import dev.mailbell.cluster.NodeCounts;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.config.reload.Reload;
import dev.mailbell.delivery.Deliveries;
import dev.mailbell.event.CanaryStatus;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.routing.node.Nodes;
import dev.mailbell.routing.notice.AppliedChanges;
import dev.mailbell.routing.notice.ChangeNotices;
import dev.mailbell.routing.notice.NoticeKind;
import dev.mailbell.secret.Keyring;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.watch.Watch;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;

/** Builds, starts and stops the parts of this package. */
public final class Routing implements AutoCloseable {
    private final Nodes nodes;
    private final RoutedWatch watch;
    private final ConfigurationReloads reloads;
    private final NodeServer server;
    private final ClusterStats stats;
    private final ClusterStatus status;
    private final ChangeNotices notices;

    /**
     * What the parts are built from.
     *
     * @param connections opens connections outside of the pool
     * @param clock follows the database's clock
     * @param local the watch of this node alone
     * @param reload reads this node's configuration again
     * @param fingerprint of the configuration in effect at this node
     * @param counts of this node
     * @param canary how it is, whichever node runs it
     * @param status of this node
     */
    public record Parts(
            Jdbi jdbi,
            ChangeNotices.Connections connections,
            Members members,
            Ownership ownership,
            Keyring keyring,
            InstantSource clock,
            Watch local,
            Deliveries deliveries,
            OAuthApps apps,
            Supplier<Reload> reload,
            Supplier<String> fingerprint,
            Supplier<NodeCounts> counts,
            Supplier<Optional<CanaryStatus>> canary,
            LocalStatus status,
            MeterRegistry meters) {}

    public Routing(Parts parts) {
        Jdbi jdbi = parts.jdbi;
        Ownership ownership = parts.ownership;
        this.nodes = new Nodes(parts.members, parts.keyring, parts.clock, parts.meters);
        this.watch =
                new RoutedWatch(
                        parts.local,
                        ownership,
                        nodes,
                        new MailboxStore(jdbi),
                        new StoredLogins(jdbi));
        this.reloads = new ConfigurationReloads(jdbi, nodes, parts.reload, parts.fingerprint);
        this.server =
                new NodeServer(
                        parts.local,
                        ownership,
                        nodes,
                        new AccountStore(jdbi),
                        new LoginSecrets(parts.keyring),
                        reloads,
                        parts.status);
        this.status = new ClusterStatus(parts.members, nodes, parts.status);
        this.stats = new ClusterStats(jdbi, parts.members, nodes, parts.counts, parts.canary);
        this.notices =
                new ChangeNotices(
                        parts.connections, ownership::isActive, () -> ownership.mayBegin(0));
        notices.measure(parts.meters);
        new AppliedChanges(jdbi, parts.local, of(parts.deliveries), parts.apps).listenTo(notices);
        notices.on(Set.of(NoticeKind.CONFIGURATION), reloads::requested, () -> {});
    }

    private static AppliedChanges.Delivery of(Deliveries deliveries) {
        return new AppliedChanges.Delivery() {
            @Override
            public void webhookChanged(UUID id) {
                deliveries.webhookChanged(id);
            }

            @Override
            public void webhookHealthChanged(UUID id) {
                deliveries.webhookHealthChanged(id);
            }

            @Override
            public void allWebhooksChanged() {
                deliveries.allWebhooksChanged();
            }

            @Override
            public void accountsRemoved(Set<UUID> ids) {
                deliveries.forgetAccounts(ids);
            }
        };
    }

    /** The watch over the accounts of all nodes. */
    public Watch watch() {
        return watch;
    }

    public ConfigurationReloads reloads() {
        return reloads;
    }

    /** Answers the requests of other nodes. */
    public NodeServer server() {
        return server;
    }

    public ClusterStats stats() {
        return stats;
    }

    /** What each node knows of itself. */
    public ClusterStatus status() {
        return status;
    }

    /**
     * Begins to read the changes of all nodes. To be called before this node reads the accounts of
     * its first shards.
     *
     * @param keysChanged called when API keys or the limits of clients were changed
     */
    public void start(Runnable keysChanged) {
        notices.on(
                Set.of(NoticeKind.API_KEY, NoticeKind.CLIENT),
                ids -> keysChanged.run(),
                keysChanged);
        notices.start();
    }

    /** Reads no more changes, and asks no other node any more. */
    @Override
    public void close() {
        notices.close();
        nodes.close();
    }
}
