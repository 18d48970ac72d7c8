package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.AccountStore.Filter;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.account.RemovedAccounts.Removal;
import dev.mailbell.api.account.AccountRegistration.Resolved;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.LabelFilter;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.webhook.WebhookOperations;
import dev.mailbell.client.Erasure;
import dev.mailbell.client.Scope;
import dev.mailbell.network.Host;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The routes that register, list, read and remove accounts. */
public final class AccountRoutes {
    private final AccountResources accounts;
    private final AccountStore store;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final Idempotency idempotency;
    private final Watch watch;
    private final RequestLimits limits;
    private final WebhookOperations webhooks;
    private final RemovedAccounts removed;
    private final Erasure erasure;

    public AccountRoutes(
            AccountResources accounts,
            AccountStore store,
            AccountReader reader,
            AccountRegistration registration,
            Idempotency idempotency,
            Watch watch,
            WebhookOperations webhooks,
            RequestLimits limits,
            RemovedAccounts removed,
            Erasure erasure) {
        this.accounts = accounts;
        this.store = store;
        this.reader = reader;
        this.registration = registration;
        this.idempotency = idempotency;
        this.watch = watch;
        this.limits = limits;
        this.webhooks = webhooks;
        this.removed = removed;
        this.erasure = erasure;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts", Scope.ACCOUNTS_CREDENTIALS, this::register);
        routes.get("/v1/accounts", Scope.ACCOUNTS_READ, this::list);
        routes.get("/v1/accounts/{id}", Scope.ACCOUNTS_READ, this::read);
        routes.delete("/v1/accounts/{id}", Scope.ACCOUNTS_WRITE, this::remove);
    }

    private void register(Context context) {
        idempotency.create(
                context,
                (clientId, json) -> {
                    AccountDraft draft = reader.read(json);
                    limits.registrations(context, 1);
                    Resolved resolved = registration.resolve(draft);
                    return accounts.creation(registration.account(clientId, resolved));
                });
    }

    private void list(Context context) {
        Query query = Query.of(context);
        Filter filter =
                new Filter(
                        query.read(
                                        "state",
                                        AccountState::ofWireName,
                                        "must be one of "
                                                + String.join(
                                                        ", ",
                                                        EnumNames.byName(AccountState.class)
                                                                .keySet()))
                                .orElse(null),
                        query.text("ref").orElse(null),
                        query.read("host", AccountRoutes::host, "must be a host").orElse(null),
                        LabelFilter.read(query));
        int limit = query.limit();
        UUID after = query.cursor().orElse(null);
        query.validate();
        List<Account> found =
                store.list(AccessFilter.principal(context).clientId(), filter, after, limit + 1);
        Responses.ok(
                context,
                Page.of(
                        found,
                        limit,
                        Account::id,
                        accounts.views(found.subList(0, Math.min(limit, found.size())))));
    }

    private static Optional<String> host(String text) {
        try {
            return Optional.of(Host.of(text).toString());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void read(Context context) {
        Query.of(context).validate();
        Responses.ok(context, accounts.view(accounts.fromPath(context)));
    }

    private void remove(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Account account = accounts.fromPath(context);
        Removal removal = removed.remove(account.clientId(), account.id());
        // After the deletion: a running check then finds no row to write to.
        watch.forget(account.id());
        webhooks.accountRemoved(account.id());
        switch (removal) {
            case NONE -> throw AccountResources.notFound();
            case COMPLETE -> {}
            case LOGS_LEFT -> erasure.wake();
        }
        context.status(204);
    }
}
