package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.RefTakenException;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.request.FieldError;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/** What the routes of accounts share: finding, storing, showing. */
public final class AccountResources {
    private final Jdbi jdbi;
    private final AccountStore store;
    private final Watch watch;
    private final RequestPolicy policy;

    public AccountResources(Jdbi jdbi, AccountStore store, Watch watch, RequestPolicy policy) {
        this.jdbi = jdbi;
        this.store = store;
        this.watch = watch;
        this.policy = policy;
    }

    static String path(UUID id) {
        return "/v1/accounts/" + id;
    }

    /** The account that the path names. */
    Account ofPath(Context context) {
        return store.find(AccessFilter.caller(context).clientId(), idOfPath(context))
                .orElseThrow(AccountResources::notFound);
    }

    /**
     * @throws ProblemException 404 when the account is gone meanwhile
     */
    void requireStillThere(Account account) {
        if (store.find(account.clientId(), account.id()).isEmpty()) {
            throw notFound();
        }
    }

    static UUID idOfPath(Context context) {
        return Uuids.parse(context.pathParam("id")).orElseThrow(AccountResources::notFound);
    }

    static ProblemException notFound() {
        return new ProblemException(Problem.notFound("there is no account with this id"));
    }

    AccountView view(Account account) {
        return AccountView.of(account, watch.live(account.id()), policy);
    }

    /** How many more accounts a client may have. */
    long room(UUID clientId) {
        return policy.accountsPerClient() - store.count(clientId);
    }

    Problem tooMany() {
        return Problem.refused(
                "too-many-accounts",
                "a client may have "
                        + policy.accountsPerClient()
                        + " accounts (limits.accountsPerClient); remove some first");
    }

    /**
     * Stores a new account; when it cannot be, a transaction that this is part of goes on.
     *
     * @return what is in the way; null when it was stored
     */
    @Nullable Problem insert(Account account) {
        try {
            jdbi.useTransaction(handle -> {
                handle.savepoint("account");
                try {
                    store.insert(account);
                    handle.releaseSavepoint("account");
                } catch (RefTakenException e) {
                    handle.rollbackToSavepoint("account");
                    throw e;
                }
            });
            return null;
        } catch (RefTakenException e) {
            return refTaken(e);
        }
    }

    static Problem refTaken(RefTakenException e) {
        return Problem.conflict("ref-taken", String.valueOf(e.getMessage()))
                .with(
                        "errors",
                        java.util.List.of(new FieldError("ref", "is taken by another account")));
    }

    /** Registers one account. */
    Creation creation(Account account) {
        return new Creation() {
            private boolean stored;

            @Override
            public Result create() {
                if (room(account.clientId()) < 1) {
                    throw new ProblemException(tooMany());
                }
                Problem problem = insert(account);
                stored = problem == null;
                return problem == null
                        ? new Result(201, Json.bytes(view(account)), path(account.id()))
                        : Result.of(problem);
            }

            @Override
            public void committed() {
                if (stored) {
                    watch.watch(account);
                }
            }
        };
    }
}
