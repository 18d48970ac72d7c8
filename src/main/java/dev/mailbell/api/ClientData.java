package dev.mailbell.api;

import dev.mailbell.account.AccountExport;
import dev.mailbell.account.AccountImport;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.api.account.AccountResources;
import dev.mailbell.api.account.bulk.AccountTransfer;
import dev.mailbell.api.account.bulk.BulkRegistration;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.AccountRegistration;
import dev.mailbell.api.account.registration.AppPolicy;
import dev.mailbell.api.client.ErasureRoute;
import dev.mailbell.api.client.ExportRoute;
import dev.mailbell.api.client.ImportRoute;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.webhook.WebhookReader;
import dev.mailbell.api.webhook.WebhookTransfer;
import dev.mailbell.client.ErasedClients;
import dev.mailbell.client.Erasure;
import dev.mailbell.webhook.WebhookImport;
import dev.mailbell.webhook.WebhookStore;
import dev.mailbell.webhook.WebhookUrls;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;

/**
 * Builds what reads and registers accounts, and what handles the data of a client as a whole: bulk
 * registration, export, import, erasure.
 */
record ClientData(
        AccountReader reader,
        AccountRegistration registration,
        AccountResources accounts,
        BulkRegistration bulk,
        Erasure erasure) {

    static ClientData of(Api.Parts parts, Access access) {
        AccountReader reader = new AccountReader(parts.policy());
        AccountRegistration registration =
                new AccountRegistration(
                        parts.guard(),
                        parts.search(),
                        new LoginSecrets(parts.keyring()),
                        new AppPolicy(parts.apps()),
                        parts.clock());
        AccountResources accounts =
                new AccountResources(
                        new AccountStore(parts.jdbi()),
                        access.clients(),
                        parts.watch(),
                        parts.policy());
        return new ClientData(
                reader,
                registration,
                accounts,
                new BulkRegistration(reader, registration, accounts, new NewAccounts(parts.jdbi())),
                new Erasure(
                        parts.jdbi(),
                        parts.first(),
                        client -> {
                            parts.watch().forgetClient(client);
                            parts.apps().forgetClient(client);
                        },
                        parts.webhooks()::longestPost,
                        parts.clock()));
    }

    List<Consumer<Routes>> routes(Api.Parts parts, Access access) {
        Jdbi jdbi = parts.jdbi();
        AccountTransfer transfer =
                new AccountTransfer(
                        new AccountExport(jdbi), new AccountImport(jdbi), bulk, parts.watch());
        WebhookTransfer webhooks =
                new WebhookTransfer(
                        new WebhookStore(jdbi),
                        new WebhookImport(jdbi),
                        new WebhookReader(
                                new WebhookUrls(parts.guard(), parts.policy()::webhookPorts),
                                new AccountStore(jdbi)),
                        parts.webhooks(),
                        parts.keyring(),
                        client -> ResourceRoutes.mostWebhooks(parts, client),
                        parts.clock());
        return List.of(
                new ExportRoute(access.clients(), transfer, webhooks, parts.clock())::addTo,
                new ImportRoute(access.clients(), transfer, webhooks)::addTo,
                new ErasureRoute(
                                new ErasedClients(jdbi),
                                erasure,
                                access.known(),
                                parts.watch(),
                                parts.apps(),
                                parts.webhooks(),
                                parts.clock())
                        ::addTo);
    }
}
