package dev.mailbell.api;

import dev.mailbell.account.AccountSearch;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.api.account.AccountChangeRoutes;
import dev.mailbell.api.account.AccountChanges;
import dev.mailbell.api.account.AccountOperations;
import dev.mailbell.api.account.AccountRemoval;
import dev.mailbell.api.account.AccountResources;
import dev.mailbell.api.account.AccountRoutes;
import dev.mailbell.api.account.ConsentRoutes;
import dev.mailbell.api.account.DiscoverRoute;
import dev.mailbell.api.account.MailboxRoutes;
import dev.mailbell.api.account.RequestedChecks;
import dev.mailbell.api.account.bulk.BatchRoutes;
import dev.mailbell.api.account.check.CheckRoutes;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.AccountRegistration;
import dev.mailbell.api.event.EventRoutes;
import dev.mailbell.api.event.EventStreamRoute;
import dev.mailbell.api.event.EventStreams;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.oauth.ConsentLinks;
import dev.mailbell.api.webhook.ActivityRoute;
import dev.mailbell.api.webhook.DeliveryActions;
import dev.mailbell.api.webhook.DeliveryRoutes;
import dev.mailbell.api.webhook.WebhookActions;
import dev.mailbell.api.webhook.WebhookReader;
import dev.mailbell.api.webhook.WebhookRoutes;
import dev.mailbell.client.ClientStore;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.DeliverySearch;
import dev.mailbell.event.EventStore;
import dev.mailbell.watch.Watch;
import dev.mailbell.webhook.WebhookStore;
import dev.mailbell.webhook.WebhookUrls;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/** Builds the routes of accounts, webhooks and events. */
final class ResourceRoutes {
    private ResourceRoutes() {}

    /** Fixed paths come before {@code /v1/accounts/{id}}, which would match them too. */
    static List<Consumer<Routes>> ofAccounts(
            Api.Parts parts,
            Idempotency idempotency,
            RequestLimits limits,
            ClientData data,
            AccountOperations operations,
            ConsentLinks links) {
        Watch watch = parts.watch();
        AccountReader reader = data.reader();
        AccountRegistration registration = data.registration();
        AccountResources accounts = data.accounts();
        return List.of(
                new BatchRoutes(accounts, data.bulk(), idempotency, watch, limits)::addTo,
                new CheckRoutes(accounts, reader, registration, operations.checks(), watch, limits)
                        ::addTo,
                new DiscoverRoute(parts.search(), limits)::addTo,
                new ConsentRoutes(accounts, reader, registration, links, idempotency, limits)
                        ::addTo,
                new MailboxRoutes(accounts, new MailboxStore(parts.jdbi()), watch)::addTo,
                new AccountRoutes(
                                accounts,
                                operations.search(),
                                reader,
                                registration,
                                idempotency,
                                limits,
                                operations.removal())
                        ::addTo,
                new AccountChangeRoutes(accounts, operations.changes(), limits)::addTo);
    }

    /** What requests and pages do with accounts. */
    static AccountOperations operations(Api.Parts parts, RequestLimits limits, ClientData data) {
        return new AccountOperations(
                new AccountSearch(parts.jdbi()),
                new RequestedChecks(data.accounts(), parts.watch(), limits),
                new AccountChanges(
                        new AccountStore(parts.jdbi()),
                        data.reader(),
                        data.registration(),
                        new LoginSecrets(parts.keyring()),
                        parts.watch()),
                new AccountRemoval(
                        new RemovedAccounts(parts.jdbi()),
                        parts.watch(),
                        parts.webhooks(),
                        data.erasure()));
    }

    static List<Consumer<Routes>> ofWebhooks(
            Api.Parts parts, Idempotency idempotency, WebhookActions actions) {
        WebhookStore store = new WebhookStore(parts.jdbi());
        DeliveryLog log = new DeliveryLog(parts.jdbi(), parts.webhooks()::now);
        return List.of(
                new WebhookRoutes(
                                store,
                                webhookReader(parts),
                                actions,
                                parts.webhooks(),
                                parts.keyring(),
                                idempotency,
                                parts.clock(),
                                clientId -> mostWebhooks(parts, clientId))
                        ::addTo,
                new ActivityRoute(actions, new ActivityTable(parts.jdbi()), parts.clock())::addTo,
                new DeliveryRoutes(
                                store,
                                log,
                                new DeliverySearch(parts.jdbi(), parts.webhooks()::now),
                                new DeliveryActions(log, parts.webhooks()))
                        ::addTo);
    }

    private static WebhookReader webhookReader(Api.Parts parts) {
        return new WebhookReader(
                new WebhookUrls(parts.guard(), parts.policy()::webhookPorts),
                new AccountStore(parts.jdbi()));
    }

    /** One for the API and the page, because it counts tests. */
    static WebhookActions webhookActions(Api.Parts parts) {
        return new WebhookActions(
                new WebhookStore(parts.jdbi()),
                webhookReader(parts),
                parts.webhooks(),
                parts.keyring(),
                parts.clock());
    }

    static long mostWebhooks(Api.Parts parts, UUID clientId) {
        Integer own = new ClientStore(parts.jdbi()).limits(clientId).webhooks();
        return own == null ? parts.policy().webhooksPerClient() : own;
    }

    static List<Consumer<Routes>> ofEvents(Api.Parts parts, EventStreams streams) {
        EventStore events = new EventStore(parts.jdbi());
        return List.of(
                new EventRoutes(events)::addTo, new EventStreamRoute(events, streams)::addTo);
    }
}
