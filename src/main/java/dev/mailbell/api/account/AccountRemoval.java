package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.account.RemovedAccounts.Removal;
import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.client.Erasure;
import dev.mailbell.watch.Watch;

/** Removes accounts, with what is pending of them. */
public final class AccountRemoval {
    private final RemovedAccounts removed;
    private final Watch watch;
    private final WebhookOperations webhooks;
    private final Erasure erasure;

    public AccountRemoval(
            RemovedAccounts removed, Watch watch, WebhookOperations webhooks, Erasure erasure) {
        this.removed = removed;
        this.watch = watch;
        this.webhooks = webhooks;
        this.erasure = erasure;
    }

    /**
     * @throws dev.mailbell.api.problem.ProblemException 404 when it has been removed already
     */
    public void remove(Account account) {
        Removal removal = removed.remove(account.clientId(), account.id());
        // After the deletion: a running check then finds no row to write to.
        watch.forget(account.id());
        webhooks.accountRemoved(account.id());
        switch (removal) {
            case NONE -> throw AccountResources.notFound();
            case COMPLETE -> {}
            case LOGS_LEFT -> erasure.wake();
        }
    }
}
