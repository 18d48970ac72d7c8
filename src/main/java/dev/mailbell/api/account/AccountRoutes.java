package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountSearch;
import dev.mailbell.account.AccountSearch.Filter;
import dev.mailbell.account.AccountState;
import dev.mailbell.api.account.registration.AccountDraft;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.AccountRegistration;
import dev.mailbell.api.account.registration.AccountRegistration.Resolved;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Principal;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.EnumNames;
import dev.mailbell.api.request.LabelFilter;
import dev.mailbell.api.request.Page;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.network.Host;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The routes that register, list, read and remove accounts. */
public final class AccountRoutes {
    private static final int LONGEST_BEGINNING = 320;
    private static final String BEGINNING_RULE =
            "must have 1 to " + LONGEST_BEGINNING + " characters besides blanks, and more than @";

    private final AccountResources accounts;
    private final AccountSearch search;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final Idempotency idempotency;
    private final RequestLimits limits;
    private final AccountRemoval removal;

    public AccountRoutes(
            AccountResources accounts,
            AccountSearch search,
            AccountReader reader,
            AccountRegistration registration,
            Idempotency idempotency,
            RequestLimits limits,
            AccountRemoval removal) {
        this.accounts = accounts;
        this.search = search;
        this.reader = reader;
        this.registration = registration;
        this.idempotency = idempotency;
        this.limits = limits;
        this.removal = removal;
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
        Principal principal = AccessFilter.principal(context);
        boolean all =
                query.read(
                                "clients",
                                text -> Optional.of(text).filter("all"::equals),
                                "must be all")
                        .isPresent();
        if (all) {
            AccessFilter.require(context, Scope.ADMIN);
            if (principal.clientNamed()) {
                query.error("clients", "must not be there with the header Mailbell-Client");
            }
        }
        Filter filter =
                new Filter(
                        all ? null : principal.clientId(),
                        query.read("search", AccountRoutes::beginning, BEGINNING_RULE).orElse(null),
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
        List<Account> found = search.page(filter, after, limit + 1);
        Responses.ok(
                context,
                Page.of(
                        found,
                        limit,
                        Account::id,
                        accounts.views(found.subList(0, Math.min(limit, found.size())))));
    }

    private static Optional<String> beginning(String text) {
        String beginning = text.strip();
        return Optional.of(beginning)
                .filter(it -> !it.isEmpty() && !it.equals("@") && it.length() <= LONGEST_BEGINNING);
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
        removal.remove(accounts.fromPath(context));
        context.status(204);
    }
}
