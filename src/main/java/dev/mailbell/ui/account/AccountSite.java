package dev.mailbell.ui.account;

import dev.mailbell.account.AccountStore;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.api.Api;
import dev.mailbell.delivery.log.AccountDeliveries;
import dev.mailbell.event.EventStore;
import dev.mailbell.ui.page.Pages;
import dev.mailbell.webhook.WebhookStore;
import org.jdbi.v3.core.Jdbi;

/** Builds the pages of accounts. */
public final class AccountSite {
    private AccountSite() {}

    public static void addTo(Pages pages, Api.Parts parts, Api.Shared shared) {
        Jdbi jdbi = parts.jdbi();
        FoundAccounts accounts = new FoundAccounts(new AccountStore(jdbi));
        new AccountPages(shared.accounts().search(), shared.clients(), parts.watch()).addTo(pages);
        new OneAccountPages(
                        accounts,
                        new AccountViews(
                                parts.watch(),
                                parts.policy(),
                                new MailboxStore(jdbi),
                                shared.clients(),
                                new Announcements(
                                        new EventStore(jdbi),
                                        new AccountDeliveries(jdbi),
                                        new WebhookStore(jdbi))),
                        shared.accounts())
                .addTo(pages);
        new TracePages(accounts, shared.accounts().checks()).addTo(pages);
    }
}
