package dev.mailbell.routing;

import dev.mailbell.client.Client;
import dev.mailbell.client.ClientStore;
import dev.mailbell.cluster.Ownership;
import dev.mailbell.oauth.OAuthApps;
import dev.mailbell.watch.Watch;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** Passes change notices on to the watch, to delivery and to the apps of this node. */
final class AppliedChanges {
    /** The part of delivery that keeps rows in memory. */
    interface Delivery {
        void webhookChanged(UUID id);

        void webhookHealthChanged(UUID id);

        void allWebhooksChanged();

        void accountRemoved(UUID id);
    }

    private static final UUID LOWEST = new UUID(0, 0);
    private static final int PAGE = 1_000;

    private final Jdbi jdbi;
    private final Ownership ownership;
    private final Watch local;
    private final Delivery delivery;
    private final OAuthApps apps;
    private final ClientStore clients;

    /**
     * @param local the watch of this node alone
     */
    AppliedChanges(Jdbi jdbi, Ownership ownership, Watch local, Delivery delivery, OAuthApps apps) {
        this.jdbi = jdbi;
        this.ownership = ownership;
        this.local = local;
        this.delivery = delivery;
        this.apps = apps;
        this.clients = new ClientStore(jdbi);
    }

    /** Begins to take changes over. */
    void listenTo(ChangeNotices notices) {
        notices.on(Set.of(NoticeKind.ACCOUNT), local::changed, this::allAccountsChanged);
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
    }

    /** Also those that are not watched yet. */
    private void allAccountsChanged() {
        local.allChanged();
        Integer[] shards = ownership.shards().toArray(Integer[]::new);
        List<UUID> page = List.of(LOWEST);
        while (!page.isEmpty()) {
            UUID after = page.getLast();
            page =
                    jdbi.withHandle(handle ->
                            handle.createQuery(
                                            """
                                            select id from account where shard = any (:shards) and id > :after
                                            order by id limit :page\
                                            """)
                                    .bind("shards", shards)
                                    .bind("after", after)
                                    .bind("page", PAGE)
                                    .mapTo(UUID.class)
                                    .list());
            local.changed(page);
        }
    }

    private void accountsRemoved(Set<UUID> ids) {
        local.changed(ids);
        ids.forEach(delivery::accountRemoved);
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
