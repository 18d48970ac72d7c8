package dev.mailbell.ui.webhook;

import dev.mailbell.account.AccountStore;
import dev.mailbell.api.webhook.DeliveryActions;
import dev.mailbell.api.webhook.WebhookActions;
import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.delivery.log.ActivityTable;
import dev.mailbell.delivery.log.DeliveryLog;
import dev.mailbell.delivery.log.DeliverySearch;
import dev.mailbell.ui.client.ClientChoice;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.webhook.WebhookList;
import dev.mailbell.webhook.WebhookStore;
import org.jdbi.v3.core.Jdbi;

/** Builds the pages of webhooks and deliveries. */
public final class WebhookUi {
    private final Jdbi jdbi;
    private final ClientChoice choice;
    private final WebhookActions actions;
    private final WebhookOperations operations;

    public WebhookUi(
            Jdbi jdbi, ClientChoice choice, WebhookActions actions, WebhookOperations operations) {
        this.jdbi = jdbi;
        this.choice = choice;
        this.actions = actions;
        this.operations = operations;
    }

    public void addTo(Pages pages) {
        WebhookStore store = new WebhookStore(jdbi);
        WebhookList list = new WebhookList(jdbi);
        DeliveryLog log = new DeliveryLog(jdbi, operations::now);
        DeliverySearch search = new DeliverySearch(jdbi, operations::now);
        DeliveryActions deliveries = new DeliveryActions(log, operations);
        DeliveryRows rows = new DeliveryRows(store, new AccountStore(jdbi));
        new WebhookPages(
                        new WebhookPages.Parts(
                                choice,
                                store,
                                list,
                                actions,
                                new ActivityTable(jdbi),
                                search,
                                deliveries,
                                rows))
                .addTo(pages);
        new DeliveryPages(choice, store, list, search, log, deliveries, rows).addTo(pages);
    }
}
