package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.MailSettings.Auth;
import dev.mailbell.account.RefTakenException;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.Idempotency.Creation;
import dev.mailbell.api.http.Idempotency.Result;
import dev.mailbell.api.problem.FieldError;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.RequestPolicy;
import dev.mailbell.api.request.Uuids;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.Database;
import dev.mailbell.detection.PositionRefusedException;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Finds, stores and renders accounts for all routes of accounts. */
public final class AccountResources {
    /** With more room than this the requests under way at once cannot use it up. */
    private static final long FAR_FROM_LIMIT = 20_000;

    private final AccountStore store;
    private final Watch watch;
    private final RequestPolicy policy;
    private final ClientStore clients;

    public AccountResources(
            AccountStore store, ClientStore clients, Watch watch, RequestPolicy policy) {
        this.clients = clients;
        this.store = store;
        this.watch = watch;
        this.policy = policy;
    }

    static String path(UUID id) {
        return "/v1/accounts/" + id;
    }

    /** The account that the request's path names. */
    public Account fromPath(Context context) {
        return store.find(AccessFilter.principal(context).clientId(), idFromPath(context))
                .orElseThrow(AccountResources::notFound);
    }

    /**
     * @throws ProblemException 404 when the account has been removed since it was read
     */
    private void requireExists(Account account) {
        if (store.find(account.clientId(), account.id()).isEmpty()) {
            throw notFound();
        }
    }

    static void requireNotPaused(Account account) {
        requireLogin(account);
        if (account.state() == AccountState.PAUSED) {
            throw new ProblemException(
                    Problem.conflict("paused", "the account is paused; resume it first"));
        }
    }

    /** An account that was imported without a secret cannot be checked. */
    static void requireLogin(Account account) {
        if (account.mail().auth() == Auth.NONE) {
            throw new ProblemException(
                    Problem.conflict(
                            "no-login",
                            "the account was imported without a secret; give it one with PATCH"
                                    + " (mail.password or mail.oauth2)"));
        }
    }

    /** Runs a command of the watch; answers 404 when the account was removed meanwhile. */
    <T> T run(Account account, Supplier<T> command) {
        try {
            return command.get();
        } catch (MailFailure | PositionRefusedException e) {
            throw e;
        } catch (RuntimeException e) {
            requireExists(account);
            throw e;
        }
    }

    private static UUID idFromPath(Context context) {
        return Uuids.parse(context.pathParam("id")).orElseThrow(AccountResources::notFound);
    }

    static ProblemException notFound() {
        return new ProblemException(Problem.notFound("there is no account with this id"));
    }

    AccountView view(Account account) {
        return AccountView.of(account, watch.live(account.id()), policy);
    }

    /** An account that is not watched yet. */
    public AccountView newView(Account account) {
        return AccountView.of(account, Optional.empty(), policy);
    }

    /** Of many accounts: what only other nodes know is asked for once. */
    Function<Account, AccountView> views(List<Account> shown) {
        Map<UUID, Live> live = watch.live(shown.stream().map(Account::id).toList());
        return account ->
                AccountView.of(account, Optional.ofNullable(live.get(account.id())), policy);
    }

    /**
     * The number of accounts that a client may still register. To be called in the transaction that
     * adds them: of two requests that want the last ones, one waits for the other.
     */
    public long remaining(UUID clientId) {
        long most = most(clientId);
        long room = most - store.count(clientId);
        if (room >= FAR_FROM_LIMIT) {
            return room;
        }
        clients.lock(clientId);
        return most - store.count(clientId);
    }

    /** Does work in one transaction. */
    public <T> T inTransaction(Supplier<T> work) {
        return clients.inTransaction(work);
    }

    private long most(UUID clientId) {
        Integer own = clients.limits(clientId).accounts();
        return own == null ? policy.accountsPerClient() : own;
    }

    public Problem tooMany(UUID clientId) {
        return Problem.refused(
                "too-many-accounts",
                "this client may have "
                        + most(clientId)
                        + " accounts (limits.accountsPerClient); remove some first");
    }

    /**
     * Stores a new account.
     *
     * @return the problem; null when the account was stored
     */
    private @Nullable Problem insert(Account account) {
        try {
            store.insert(account);
            return null;
        } catch (RefTakenException e) {
            return refTaken(e);
        } catch (RuntimeException e) {
            throw orRemovedMeanwhile(e);
        }
    }

    /** The problem behind a failed insert of accounts, if it is one of the request. */
    static RuntimeException orRemovedMeanwhile(RuntimeException failure) {
        return Database.isReferenceGone(failure)
                ? new ProblemException(
                        Problem.conflict(
                                "changed-meanwhile",
                                "the app that an account names was removed meanwhile"))
                : failure;
    }

    public static Problem refTaken(RefTakenException e) {
        return Problem.conflict("ref-taken", String.valueOf(e.getMessage()))
                .with("errors", List.of(new FieldError("ref", "is taken by another account")));
    }

    /** The creation of one account. */
    Creation creation(Account account) {
        return new Creation() {
            private boolean stored;

            @Override
            public Result create() {
                return inTransaction(this::createInRoom);
            }

            private Result createInRoom() {
                if (remaining(account.clientId()) < 1) {
                    throw new ProblemException(tooMany(account.clientId()));
                }
                Problem problem = insert(account);
                stored = problem == null;
                return problem == null
                        ? new Result(201, Json.bytes(newView(account)), path(account.id()))
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
