package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.RequestDeadline;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.ObjectNode;

/** The routes that change, pause and resume accounts, and connect them anew. */
public final class AccountChangeRoutes {
    private final AccountResources accounts;
    private final AccountChanges changes;
    private final RequestLimits limits;

    public AccountChangeRoutes(
            AccountResources accounts, AccountChanges changes, RequestLimits limits) {
        this.accounts = accounts;
        this.changes = changes;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.patch("/v1/accounts/{id}", Scope.ACCOUNTS_WRITE, this::patch);
        routes.post("/v1/accounts/{id}/pause", Scope.ACCOUNTS_WRITE, by(changes::pause));
        routes.post("/v1/accounts/{id}/resume", Scope.ACCOUNTS_WRITE, by(changes::resume));
        routes.post("/v1/accounts/{id}/reconnect", Scope.ACCOUNTS_WRITE, by(changes::reconnect));
    }

    private void patch(Context context) {
        Query.of(context).validate();
        ObjectNode patch = Body.patch(context);
        if (patch.has("mail")) {
            AccessFilter.require(context, Scope.ACCOUNTS_CREDENTIALS);
            limits.registrations(context, 1);
        }
        Account read = accounts.fromPath(context);
        Responses.ok(
                context,
                accounts.view(
                        changes.patch(
                                read.clientId(),
                                read.id(),
                                patch,
                                () -> RequestDeadline.beginWrite(context))));
    }

    private Handler by(UnaryOperator<Account> change) {
        return context -> {
            Query.of(context).validate();
            Body.requireEmpty(context);
            Responses.ok(context, accounts.view(change.apply(accounts.fromPath(context))));
        };
    }
}
