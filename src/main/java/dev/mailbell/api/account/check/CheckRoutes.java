package dev.mailbell.api.account.check;

import dev.mailbell.account.Account;
import dev.mailbell.api.account.AccountResources;
import dev.mailbell.api.account.RequestedChecks;
import dev.mailbell.api.account.registration.AccountDraft;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.AccountRegistration;
import dev.mailbell.api.account.registration.AccountRegistration.Resolved;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Verified;
import dev.mailbell.watch.Watch;
import dev.mailbell.watch.check.CheckedMailbox;
import io.javalin.http.Context;
import java.util.List;
import java.util.Optional;

/** The routes that read mail servers: verify a login, check an account. */
public final class CheckRoutes {
    private final AccountResources accounts;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final RequestedChecks checks;
    private final Watch watch;
    private final RequestLimits limits;

    public CheckRoutes(
            AccountResources accounts,
            AccountReader reader,
            AccountRegistration registration,
            RequestedChecks checks,
            Watch watch,
            RequestLimits limits) {
        this.accounts = accounts;
        this.reader = reader;
        this.registration = registration;
        this.checks = checks;
        this.watch = watch;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/verify", Scope.ACCOUNTS_CREDENTIALS, this::verify);
        routes.post("/v1/accounts/{id}/check", Scope.ACCOUNTS_WRITE, this::check);
        routes.post("/v1/accounts/{id}/trace", Scope.ACCOUNTS_WRITE, this::trace);
        routes.get("/v1/accounts/{id}/checks", Scope.ACCOUNTS_READ, this::pastChecks);
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
        Responses.ok(
                context, new Mailboxes<CheckedMailbox>(checks.check(context, account, deadline)));
    }

    private void trace(Context context) {
        Deadline deadline = watch.deadline();
        Query query = Query.of(context);
        boolean anew =
                query.read("connect", CheckRoutes::connect, "must be kept or new").orElse(false);
        query.validate();
        Body.requireEmpty(context);
        Account account = accounts.fromPath(context);
        Responses.ok(context, TraceView.of(checks.trace(context, account, anew, deadline)));
    }

    private static Optional<Boolean> connect(String text) {
        return switch (text) {
            case "kept" -> Optional.of(false);
            case "new" -> Optional.of(true);
            default -> Optional.empty();
        };
    }

    private record PastChecks(List<PastCheckView> items) {}

    private void pastChecks(Context context) {
        Query.of(context).validate();
        Account account = accounts.fromPath(context);
        Responses.ok(
                context,
                new PastChecks(
                        watch.pastChecks(account.id()).stream().map(PastCheckView::of).toList()));
    }
}
