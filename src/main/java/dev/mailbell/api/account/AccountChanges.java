package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.account.RefTakenException;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.AccountRegistration;
import dev.mailbell.api.account.registration.AccountRegistration.Resolved;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.MergePatch;
import dev.mailbell.watch.Watch;
import java.util.Arrays;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Changes stored accounts, and has the watch apply the change. */
public final class AccountChanges {
    private static final int MAX_TRIES = 5;

    private final AccountStore store;
    private final AccountReader reader;
    private final AccountRegistration registration;
    private final LoginSecrets secrets;
    private final Watch watch;

    public AccountChanges(
            AccountStore store,
            AccountReader reader,
            AccountRegistration registration,
            LoginSecrets secrets,
            Watch watch) {
        this.store = store;
        this.reader = reader;
        this.registration = registration;
        this.secrets = secrets;
        this.watch = watch;
    }

    /**
     * Applies a merge patch to the registration of an account. The patch is validated outside of
     * the transaction, because that takes DNS lookups. It is written only if the account has not
     * changed since it was read; otherwise it is tried again.
     *
     * @param beforeWrite runs when the patch is valid, before it is written
     * @return the account as it is now
     * @throws ProblemException when the patch is not valid, or there is no such account
     */
    Account patch(UUID clientId, UUID id, ObjectNode patch, Runnable beforeWrite) {
        for (int i = 0; i < MAX_TRIES; i++) {
            Account read = store.find(clientId, id).orElseThrow(AccountResources::notFound);
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
            beforeWrite.run();
            Account written = write(read, resolved, secret);
            if (written != null) {
                return written;
            }
        }
        throw new ProblemException(
                Problem.conflict(
                        "changed-meanwhile", "the account is being changed by others; try again"));
    }

    /**
     * Has an account checked in this interval.
     *
     * @param interval as in a registration, such as {@code PT5M}; null: as configured
     * @throws ProblemException 400 when it is no interval, 404 when there is no such account
     */
    public Account changeInterval(Account account, @Nullable String interval) {
        ObjectNode patch = Json.MAPPER.createObjectNode();
        patch.putObject("watch").put("interval", interval);
        return patch(account.clientId(), account.id(), patch, () -> {});
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

    /** Ceases to check an account. */
    public Account pause(Account account) {
        // First, so that a running check does not write its state over the pause.
        watch.forget(account.id());
        try {
            return change(account, this::paused);
        } catch (RuntimeException e) {
            watchUnlessPaused(account);
            throw e;
        }
    }

    private Account paused(Account account) {
        return account.state() == AccountState.PAUSED
                ? account
                : account.switched(AccountState.PAUSED, registration.now());
    }

    /** Starts to check an account again that is paused or parked. */
    public Account resume(Account account) {
        AccountResources.requireLogin(account);
        return connects(change(account, this::resumed));
    }

    private Account resumed(Account account) {
        return account.state() == AccountState.PAUSED || account.state() == AccountState.PARKED
                ? account.switched(AccountState.CONNECTING, registration.now())
                : account;
    }

    /**
     * Ends the session of an account and what its failures make it wait for, and connects anew.
     *
     * @throws ProblemException 409 when it is paused or has no login
     */
    public Account reconnect(Account account) {
        AccountResources.requireNotPaused(account);
        return connects(
                change(
                        account,
                        found ->
                                found.state() == AccountState.PAUSED
                                        ? found
                                        : found.switched(
                                                AccountState.CONNECTING, registration.now())));
    }

    private Account connects(Account account) {
        if (account.state() == AccountState.CONNECTING) {
            watch.watch(account);
        }
        return account;
    }
}
