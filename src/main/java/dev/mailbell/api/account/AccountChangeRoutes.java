package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.RefTakenException;
import dev.mailbell.api.account.AccountRegistration.Resolved;
import dev.mailbell.api.http.AccessFilter;
import dev.mailbell.api.http.RequestDeadline;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.MergePatch;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
import dev.mailbell.client.Scope;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The routes that change an account: merge patch, pause, resume. */
public final class AccountChangeRoutes {
    private static final int MAX_TRIES = 5;

    private final AccountResources accounts;
    private final AccountStore store;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final LoginSecrets secrets;
    private final Watch watch;
    private final RequestLimits limits;

    public AccountChangeRoutes(
            AccountResources accounts,
            AccountStore store,
            AccountReader reader,
            AccountRegistration registration,
            LoginSecrets secrets,
            Watch watch,
            RequestLimits limits) {
        this.accounts = accounts;
        this.store = store;
        this.reader = reader;
        this.registration = registration;
        this.secrets = secrets;
        this.watch = watch;
        this.limits = limits;
    }

    public void addTo(Routes routes) {
        routes.patch("/v1/accounts/{id}", Scope.ACCOUNTS_WRITE, this::patch);
        routes.post("/v1/accounts/{id}/pause", Scope.ACCOUNTS_WRITE, this::pause);
        routes.post("/v1/accounts/{id}/resume", Scope.ACCOUNTS_WRITE, this::resume);
    }

    private void patch(Context context) {
        Query.of(context).validate();
        ObjectNode patch = Body.patch(context);
        if (patch.has("mail")) {
            AccessFilter.require(context, Scope.ACCOUNTS_CREDENTIALS);
            limits.registrations(context, 1);
        }
        // The patch is validated outside of the transaction, because that takes DNS lookups. It is
        // written only if the account has not changed since it was read; otherwise it is tried
        // again.
        for (int i = 0; i < MAX_TRIES; i++) {
            Account read = accounts.fromPath(context);
            LoginSecret secret = secrets.open(read);
            ObjectNode document = AccountDocument.of(read, secret);
            AccountDocument.removeReplaced(document, patch, read);
            MergePatch.apply(document, patch);
            Resolved resolved =
                    registration.resolve(
                            secret instanceof LoginSecret.Missing
                                    ? reader.readImported(document)
                                    : reader.read(document));
            SecretsGivenAgain.require(
                    read.mail(), secret, resolved.mail(), resolved.secret(), patch);
            RequestDeadline.beginWrite(context);
            Account written = write(read, resolved, secret);
            if (written != null) {
                Responses.ok(context, accounts.view(written));
                return;
            }
        }
        throw new ProblemException(
                Problem.conflict(
                        "changed-meanwhile", "the account is being changed by others; try again"));
    }

    /** Null when another request has changed the account since it was read. */
    private @Nullable Account write(Account read, Resolved resolved, LoginSecret secret) {
        boolean otherLogin = AccountRegistration.isOtherLogin(read.mail(), resolved.mail());
        if (otherLogin) {
            // First, so that a running check does not take the new mailboxes for the old ones.
            watch.forget(read.id());
        }
        boolean[] raced = {false};
        Account present;
        try {
            present =
                    change(
                            read,
                            found -> {
                                raced[0] = isOther(read, found);
                                if (raced[0]) {
                                    return found;
                                }
                                if (otherLogin) {
                                    store.forgetMailboxes(found.id());
                                }
                                return registration.changed(found, resolved, secret);
                            });
        } catch (RefTakenException e) {
            watchUnlessPaused(read);
            throw new ProblemException(AccountResources.refTaken(e));
        } catch (RuntimeException e) {
            watchUnlessPaused(read);
            throw e;
        }
        watchUnlessPaused(present);
        return raced[0] ? null : present;
    }

    /** A provider's renewal of the login does not raise {@code updatedAt}. */
    private static boolean isOther(Account read, Account found) {
        return !found.updatedAt().equals(read.updatedAt())
                || !Arrays.equals(found.credential(), read.credential());
    }

    private Account change(Account account, UnaryOperator<Account> change) {
        return store.change(account.clientId(), account.id(), change)
                .orElseThrow(AccountResources::notFound);
    }

    private void watchUnlessPaused(Account account) {
        if (account.state() != AccountState.PAUSED) {
            watch.watch(account);
        }
    }

    private void pause(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Account account = accounts.fromPath(context);
        // First, so that a running check does not write its state over the pause.
        watch.forget(account.id());
        Account paused;
        try {
            paused = change(account, this::paused);
        } catch (RuntimeException e) {
            watchUnlessPaused(account);
            throw e;
        }
        Responses.ok(context, accounts.view(paused));
    }

    private Account paused(Account account) {
        return account.state() == AccountState.PAUSED
                ? account
                : account.switched(AccountState.PAUSED, registration.now());
    }

    private Account resumed(Account account) {
        return account.state() == AccountState.PAUSED || account.state() == AccountState.PARKED
                ? account.switched(AccountState.CONNECTING, registration.now())
                : account;
    }

    /** Starts to check the account again; also resumes a parked account. */
    private void resume(Context context) {
        Query.of(context).validate();
        Body.requireEmpty(context);
        Account account = accounts.fromPath(context);
        AccountResources.requireLogin(account);
        Account resumed = change(account, this::resumed);
        if (resumed.state() == AccountState.CONNECTING) {
            watch.watch(resumed);
        }
        Responses.ok(context, accounts.view(resumed));
    }
}
