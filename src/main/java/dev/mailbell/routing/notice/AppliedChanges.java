package dev.mailbell.routing.notice;

import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.watch.Watch;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** Passes change notices on to the watch, to delivery and to the apps of this node. */
public final class AppliedChanges {
    /** The part of delivery that keeps rows in memory. */
    public interface Delivery {
        void webhookChanged(UUID id);

        void webhookHealthChanged(UUID id);

        void allWebhooksChanged();

        void accountsRemoved(Set<UUID> ids);
    }

    private final Watch local;
    private final Delivery delivery;
    private final OAuthApps apps;
    private final ClientStore clients;

    /**
     * @param local the watch of this node alone
     */
    public AppliedChanges(Jdbi jdbi, Watch local, Delivery delivery, OAuthApps apps) {
        this.local = local;
        this.delivery = delivery;
        this.apps = apps;
        this.clients = new ClientStore(jdbi);
    }

    /** Begins to take changes over. */
    public void listenTo(ChangeNotices notices) {
        notices.on(Set.of(NoticeKind.ACCOUNT), local::changed, local::allChanged);
        notices.on(Set.of(NoticeKind.ACCOUNT_REMOVED), this::accountsRemoved, () -> {});
        notices.on(
                Set.of(NoticeKind.WEBHOOK),
                ids -> ids.forEach(delivery::webhookChanged),
                delivery::allWebhooksChanged);
        notices.on(
                Set.of(NoticeKind.WEBHOOK_HEALTH),
                ids -> ids.forEach(delivery::webhookHealthChanged),
                () -> {});
        notices.on(
                Set.of(NoticeKind.OAUTH_APP), ids -> ids.forEach(apps::changed), apps::allChanged);
        notices.on(Set.of(NoticeKind.CLIENT), this::clientsChanged, () -> {});
        notices.onReconnect(local::mayHaveFailedOver);
    }

    private void accountsRemoved(Set<UUID> ids) {
        local.changed(ids);
        delivery.accountsRemoved(ids);
    }

    /** Of a client that is being erased, everything in memory ends; its webhooks have notices. */
    private void clientsChanged(Set<UUID> ids) {
        for (UUID id : ids) {
            if (clients.find(id).map(Client::erasingSince).isPresent()) {
                local.forgetClient(id);
                apps.forgetClient(id);
            }
        }
    }
}
