package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.RefTakenException;
import dev.mailbell.api.account.AccountRegistration.Decided;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.MergePatch;
import dev.mailbell.api.request.Problem;
import dev.mailbell.api.request.ProblemException;
import dev.mailbell.api.request.Query;
import dev.mailbell.watch.Watch;
import io.javalin.http.Context;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Changes of accounts: merge patch, pause, resume. */
public final class AccountChangeRoutes {
    private static final int TRIES = 5;

    private final AccountResources accounts;
    private final AccountStore store;
    private final AccountReader reader;
    private final AccountRegistration registrar;
    private final LoginSecrets secrets;
    private final Watch watch;

    public AccountChangeRoutes(
            AccountResources accounts,
            AccountStore store,
            AccountReader reader,
            AccountRegistration registrar,
            LoginSecrets secrets,
            Watch watch) {
        this.accounts = accounts;
        this.store = store;
        this.reader = reader;
        this.registrar = registrar;
        this.secrets = secrets;
        this.watch = watch;
    }

    public void addTo(Routes routes) {
        routes.patch("/v1/accounts/{id}", this::patch);
        routes.post("/v1/accounts/{id}/pause", this::pause);
        routes.post("/v1/accounts/{id}/resume", this::resume);
    }

    private void patch(Context context) {
        Query.of(context).done();
        ObjectNode patch = Body.patch(context);
        // Judged outside of the transaction, because names are looked up; written only over the
        // account that was judged.
        for (int i = 0; i < TRIES; i++) {
            Account seen = accounts.ofPath(context);
            LoginSecret secret = secrets.open(seen);
            ObjectNode document = AccountDocument.of(seen, secret);
            AccountDocument.makeWay(document, patch, seen);
            MergePatch.apply(document, patch);
            Decided decided = registrar.decide(reader.read(document));
            Account written = write(seen, decided, secret);
            if (written != null) {
                Responses.ok(context, accounts.view(written));
                return;
            }
        }
        throw new ProblemException(
                Problem.conflict(
                        "changed-meanwhile", "the account is being changed by others; try again"));
    }

    /** Null when somebody else changed the account meanwhile. */
    private @Nullable Account write(Account seen, Decided decided, LoginSecret secret) {
        boolean elsewhere = AccountRegistration.leadsElsewhere(seen.mail(), decided.mail());
        if (elsewhere) {
            // First, so that a look under way does not take the new mailboxes for the old ones.
            watch.forget(seen.id());
        }
        boolean[] raced = {false};
        Account present;
        try {
            present =
                    change(
                            seen,
                            found -> {
                                raced[0] = !found.updatedAt().equals(seen.updatedAt());
                                if (raced[0]) {
                                    return found;
                                }
                                if (elsewhere) {
                                    store.forgetMailboxes(found.id());
                                }
                                return registrar.changed(found, decided, secret);
                            });
        } catch (RefTakenException e) {
            watchUnlessPaused(seen);
            throw new ProblemException(AccountResources.refTaken(e));
        } catch (RuntimeException e) {
            watchUnlessPaused(seen);
            throw e;
        }
        watchUnlessPaused(present);
        return raced[0] ? null : present;
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
        Query.of(context).done();
        Body.requireNone(context);
        Account account = accounts.ofPath(context);
        // First, so that a look under way does not write a state over the pause.
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
                : account.withState(AccountState.PAUSED, registrar.now(), null);
    }

    private Account resumed(Account account) {
        return account.state() == AccountState.PAUSED || account.state() == AccountState.PARKED
                ? account.withState(AccountState.CONNECTING, registrar.now(), null)
                : account;
    }

    /** Begins anew; also for a parked account whose owner mended what was wrong elsewhere. */
    private void resume(Context context) {
        Query.of(context).done();
        Body.requireNone(context);
        Account account = accounts.ofPath(context);
        Account resumed = change(account, this::resumed);
        if (resumed.state() == AccountState.CONNECTING) {
            watch.watch(resumed);
        }
        Responses.ok(context, accounts.view(resumed));
    }
}
