package dev.mailbell.api;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.AccountStore.Filter;
import dev.mailbell.api.Registrar.Decided;
import dev.mailbell.network.Host;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Accounts as resources: register, list, read, remove. */
final class AccountRoutes {
    private final Accounts accounts;
    private final AccountStore store;
    private final AccountReader reader;
    private final Registrar registrar;
    private final Idempotency idempotency;
    private final Watch watch;
    private final Webhooks webhooks;

    AccountRoutes(
            Accounts accounts,
            AccountStore store,
            AccountReader reader,
            Registrar registrar,
            Idempotency idempotency,
            Watch watch,
            Webhooks webhooks) {
        this.accounts = accounts;
        this.store = store;
        this.reader = reader;
        this.registrar = registrar;
        this.idempotency = idempotency;
        this.watch = watch;
        this.webhooks = webhooks;
    }

    void addTo(Routes routes) {
        routes.post("/v1/accounts", this::register);
        routes.get("/v1/accounts", this::list);
        routes.get("/v1/accounts/{id}", this::read);
        routes.delete("/v1/accounts/{id}", this::remove);
    }

    private void register(Context context) {
        Query.of(context).done();
        byte[] body = Body.bytes(context);
        UUID clientId = Gate.caller(context).clientId();
        idempotency.answer(
                context,
                body,
                () -> {
                    Decided decided = registrar.decide(reader.read(Json.object(body)));
                    return accounts.creation(registrar.account(clientId, decided));
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
                                                        Names.all(AccountState.class).keySet()))
                                .orElse(null),
                        query.text("ref").orElse(null),
                        query.read("host", AccountRoutes::host, "must be a host").orElse(null),
                        LabelFilter.read(query));
        int limit = query.limit();
        UUID after = query.cursor().orElse(null);
        query.done();
        List<Account> found = store.list(Gate.caller(context).clientId(), filter, after, limit + 1);
        Answers.ok(context, Page.of(found, limit, Account::id, accounts::view));
    }

    private static Optional<String> host(String text) {
        try {
            return Optional.of(Host.of(text).toString());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void read(Context context) {
        Query.of(context).done();
        Answers.ok(context, accounts.view(accounts.ofPath(context)));
    }

    private void remove(Context context) {
        Query.of(context).done();
        Body.requireNone(context);
        Account account = accounts.ofPath(context);
        boolean removed = store.delete(account.clientId(), account.id());
        // Afterwards: a look under way finds no row to write to.
        watch.forget(account.id());
        webhooks.accountRemoved(account.id());
        if (!removed) {
            throw Accounts.notFound();
        }
        context.status(204);
    }
}
