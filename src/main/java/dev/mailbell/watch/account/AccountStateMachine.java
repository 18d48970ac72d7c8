package dev.mailbell.watch.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.MailFailure;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** The state of an account after a check. Pure: time is an argument. */
final class AccountStateMachine {
    /** A login that worked before is believed to be refused only after so many refusals. */
    private static final int REFUSALS = 3;

    /** The refusals must span this time: on-demand checks may follow each other quickly. */
    private static final Duration REFUSED_FOR = Duration.ofMinutes(10);

    private AccountStateMachine() {}

    /**
     * @param remaining what is wrong although the check succeeded; null for nothing
     */
    static Account succeeded(Account account, @Nullable Failure remaining, Instant now) {
        boolean already = account.state() == AccountState.WATCHING;
        return account.withState(
                AccountState.WATCHING, already ? account.stateSince() : now, remaining);
    }

    /**
     * @param everWorked whether a check of the account has ever succeeded
     * @param failingFor how long ago the first of the failures in a row was
     */
    static Account failed(
            Account account,
            MailFailure failure,
            boolean everWorked,
            Duration failingFor,
            Instant now) {
        Failure before = account.failure();
        boolean first = before == null || account.state() == AccountState.WATCHING;
        Failure next =
                new Failure(
                        failure.code(),
                        failure.reason(),
                        first || before == null ? now : before.since(),
                        first || before == null ? 1 : before.attempts() + 1);
        AccountState state = stateAfter(account, next, everWorked, failingFor);
        return account.withState(
                state, account.state() == state ? account.stateSince() : now, next);
    }

    private static AccountState stateAfter(
            Account account, Failure failure, boolean everWorked, Duration failingFor) {
        boolean refused = failure.code().needsOwner();
        boolean parked =
                refused
                        && (!everWorked
                                || refusedForLong(failure, failingFor)
                                || account.state() == AccountState.PARKED);
        return parked ? AccountState.PARKED : AccountState.RETRYING;
    }

    private static boolean refusedForLong(Failure failure, Duration failingFor) {
        return failure.attempts() >= REFUSALS && failingFor.compareTo(REFUSED_FOR) >= 0;
    }
}
