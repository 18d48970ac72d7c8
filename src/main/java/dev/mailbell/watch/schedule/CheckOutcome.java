package dev.mailbell.watch.schedule;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.MailFailure;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a look's outcome makes of an account. */
public final class CheckOutcome {
    /**
     * How many refusals it takes to believe a server that a login which worked does so no longer.
     */
    private static final int REFUSALS = 3;

    /** Over how long they must be spread: on-demand looks may come in quick succession. */
    private static final Duration REFUSED_FOR = Duration.ofMinutes(10);

    private CheckOutcome() {}

    /**
     * @param remaining what is wrong nevertheless; null for nothing
     */
    public static Account success(Account account, @Nullable Failure remaining, Instant now) {
        boolean already = account.state() == AccountState.WATCHING;
        return account.withState(
                AccountState.WATCHING, already ? account.stateSince() : now, remaining);
    }

    /**
     * @param everWorked whether a look at the account has ever succeeded
     * @param failingFor how long ago the first of the failures in a row was
     */
    public static Account failure(
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
