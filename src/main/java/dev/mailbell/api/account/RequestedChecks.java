package dev.mailbell.api.account;

import dev.mailbell.account.Account;
import dev.mailbell.api.http.RequestLimits;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Traced;
import dev.mailbell.watch.Watch;
import dev.mailbell.watch.check.CheckedMailbox;
import io.javalin.http.Context;
import java.util.List;

/** Checks of accounts that requests ask for, within the limits of their clients. */
public final class RequestedChecks {
    private final AccountResources accounts;
    private final Watch watch;
    private final RequestLimits limits;

    public RequestedChecks(AccountResources accounts, Watch watch, RequestLimits limits) {
        this.accounts = accounts;
        this.watch = watch;
        this.limits = limits;
    }

    /** The deadline of a request that arrives now. */
    public Deadline deadline() {
        return watch.deadline();
    }

    /**
     * @throws dev.mailbell.mail.MailFailure when the mail server cannot be read
     * @throws dev.mailbell.api.problem.ProblemException 409 when the account is paused or has no
     *     login, 429 when its client has asked too often
     */
    public List<CheckedMailbox> check(Context context, Account account, Deadline deadline) {
        AccountResources.requireNotPaused(account);
        limits.check(context);
        return accounts.run(account, () -> watch.check(account, deadline));
    }

    /** A check whose dialogue is answered too, also when it fails; throws as {@link #check}. */
    public Traced trace(Context context, Account account, boolean anew, Deadline deadline) {
        AccountResources.requireNotPaused(account);
        limits.check(context);
        return accounts.run(account, () -> watch.trace(account, anew, deadline));
    }
}
