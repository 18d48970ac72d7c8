package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.api.account.registration.AccountDraft;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.AccountRegistration;
import dev.mailbell.api.http.Idempotency;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.oauth.ConsentLinks;
import dev.mailbell.api.oauth.ConsentLinks.Link;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import io.javalin.http.Context;
import java.time.Instant;

/** The routes that make consent links, for an account or together with a new one. */
public final class ConsentRoutes {
    private final AccountResources accounts;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final ConsentLinks links;
    private final Idempotency idempotency;
    private final RequestLimits limits;

    public ConsentRoutes(
            AccountResources accounts,
            AccountReader reader,
            AccountRegistration registration,
            ConsentLinks links,
            Idempotency idempotency,
            RequestLimits limits) {
        this.accounts = accounts;
        this.reader = reader;
        this.registration = registration;
        this.links = links;
        this.idempotency = idempotency;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/accounts/{id}/consent", Scope.ACCOUNTS_CREDENTIALS, this::consent);
        routes.post("/v1/consents", Scope.ACCOUNTS_CREDENTIALS, this::register);
    }

    private void consent(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Responses.json(context, 201, links.issue(accounts.fromPath(context)));
    }

    private record Registered(String url, Instant expiresAt, AccountView account) {}

    private void register(Context context) {
        idempotency.create(
                context,
                (clientId, json) -> {
                    AccountDraft draft = reader.read(json);
                    limits.registrations(context, 1);
                    Account account = registration.account(clientId, registration.resolve(draft));
                    links.requireConsent(account);
                    if (account.state() != AccountState.PARKED) {
                        throw new ProblemException(
                                Problem.invalid(
                                        "mail.oauth2.refreshToken",
                                        "leave it out: the owner's consent gives it"));
                    }
                    return creation(account);
                });
    }

    private Creation creation(Account account) {
        Creation creation = accounts.creation(account);
        return new Creation() {
            @Override
            public Result create() {
                Result created = creation.create();
                if (created.status() != 201) {
                    return created;
                }
                Link link = links.issue(account);
                return new Result(
                        201,
                        Json.bytes(
                                new Registered(
                                        link.url(), link.expiresAt(), accounts.newView(account))),
                        created.location());
            }

            @Override
            public void committed() {
                creation.committed();
            }
        };
    }
}
