package dev.mailbell.api;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.api.account.AccountChangeRoutes;
import dev.mailbell.api.account.AccountReader;
import dev.mailbell.api.account.AccountRegistration;
import dev.mailbell.api.account.AccountResources;
import dev.mailbell.api.account.AccountRoutes;
import dev.mailbell.api.account.BatchRoutes;
import dev.mailbell.api.account.CheckRoutes;
import dev.mailbell.api.account.ConsentRoutes;
import dev.mailbell.api.account.DiscoverRoute;
import dev.mailbell.api.account.MailboxRoutes;
import dev.mailbell.api.event.EventRoutes;
import dev.mailbell.api.event.EventStreamRoute;
import dev.mailbell.api.event.EventStreams;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.oauth.ConsentLinks;
import dev.mailbell.api.webhook.DeliveryRoutes;
import dev.mailbell.api.webhook.WebhookReader;
import dev.mailbell.api.webhook.WebhookRoutes;
import dev.mailbell.client.ClientStore;
import dev.mailbell.delivery.log.DeliveryLog;
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
            ConsentLinks links) {
        Watch watch = parts.watch();
        AccountStore store = new AccountStore(parts.jdbi());
        LoginSecrets secrets = new LoginSecrets(parts.keyring());
        AccountReader reader = data.reader();
        AccountRegistration registration = data.registration();
        AccountResources accounts = data.accounts();
        return List.of(
                new BatchRoutes(parts.jdbi(), accounts, data.bulk(), idempotency, watch, limits)
                        ::addTo,
                new CheckRoutes(accounts, reader, registration, watch, limits)::addTo,
                new DiscoverRoute(parts.search(), limits)::addTo,
                new ConsentRoutes(accounts, reader, registration, links, idempotency, limits)
                        ::addTo,
                new MailboxRoutes(accounts, new MailboxStore(parts.jdbi()), watch)::addTo,
                new AccountRoutes(
                                accounts,
                                store,
                                reader,
                                registration,
                                idempotency,
                                watch,
                                parts.webhooks(),
                                limits,
                                new RemovedAccounts(parts.jdbi()),
                                data.erasure())
                        ::addTo,
                new AccountChangeRoutes(
                                accounts, store, reader, registration, secrets, watch, limits)
                        ::addTo);
    }

    static List<Consumer<Routes>> ofWebhooks(Api.Parts parts, Idempotency idempotency) {
        WebhookStore store = new WebhookStore(parts.jdbi());
        WebhookUrls urls = new WebhookUrls(parts.guard(), parts.policy()::webhookPorts);
        DeliveryLog log = new DeliveryLog(parts.jdbi(), parts.webhooks()::now);
        return List.of(
                new WebhookRoutes(
                                store,
                                new WebhookReader(urls, new AccountStore(parts.jdbi())),
                                parts.webhooks(),
                                parts.keyring(),
                                idempotency,
                                parts.clock(),
                                clientId -> mostWebhooks(parts, clientId))
                        ::addTo,
                new DeliveryRoutes(store, log, parts.webhooks())::addTo);
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
