package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.api.account.AccountRegistration.Resolved;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Checked;
import dev.mailbell.watch.AccountCommands.Verified;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.List;

/** The routes that read mail servers: verify a login, check an account. */
public final class CheckRoutes {
    private final AccountResources accounts;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final Watch watch;
    private final RequestLimits limits;

    public CheckRoutes(
            AccountResources accounts,
            AccountReader reader,
            AccountRegistration registration,
            Watch watch,
            RequestLimits limits) {
        this.accounts = accounts;
        this.reader = reader;
        this.registration = registration;
        this.watch = watch;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/verify", Scope.ACCOUNTS_CREDENTIALS, this::verify);
        routes.post("/v1/accounts/{id}/check", Scope.ACCOUNTS_WRITE, this::check);
    }

    private record Works(
            boolean ok,
            long latencyMillis,
            List<String> capabilities,
            List<Verified.SeenMailbox> mailboxes,
            List<String> warnings) {}

    private record Fails(boolean ok, Failure failure) {
        record Failure(String code, String message) {}
    }

    private void verify(Context context) {
        Deadline deadline = watch.deadline();
        Query.of(context).validate();
        AccountDraft draft = reader.read(Body.object(context));
        limits.verify(context);
        Resolved resolved = registration.resolve(draft);
        Account account =
                registration.account(AccessFilter.principal(context).clientId(), resolved);
        Responses.ok(
                context,
                switch (watch.verify(account, resolved.secret(), deadline)) {
                    case Verified.Works works ->
                            new Works(
                                    true,
                                    works.latencyMillis(),
                                    works.capabilities(),
                                    works.mailboxes(),
                                    works.warnings());
                    case Verified.Fails fails ->
                            new Fails(
                                    false,
                                    new Fails.Failure(fails.code().wireName(), fails.message()));
                });
    }

    private record Mailboxes<T>(List<T> mailboxes) {}

    private void check(Context context) {
        Deadline deadline = watch.deadline();
        Query.of(context).validate();
        Body.requireEmpty(context);
        Account account = accounts.fromPath(context);
        AccountResources.requireNotPaused(account);
        limits.check(context);
        Responses.ok(
                context,
                new Mailboxes<Checked>(
                        accounts.run(account, () -> watch.check(account, deadline))));
    }
}
