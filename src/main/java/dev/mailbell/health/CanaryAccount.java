package dev.mailbell.health;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.health.CanaryState.Miss;
import dev.mailbell.health.CanaryState.Reason;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Whether the account of the canary can receive mail. */
final class CanaryAccount {
    private CanaryAccount() {}

    /**
     * Why no mail is to be sent now; empty when one is.
     *
     * @param id the one that the configuration names
     * @param account null when there is none
     */
    static Optional<Miss> unavailable(UUID id, @Nullable Account account) {
        if (account == null) {
            return miss("there is no account " + id + ", which canary.account names");
        }
        if (!account.isWatched()) {
            return miss("account " + id + " is paused or has no login");
        }
        if (!account.watch().envelopes()) {
            return miss(
                    "the events of account "
                            + id
                            + " do not show whose mail is new, so a late mail looks like the next"
                            + " one: set \"envelopes\": true");
        }
        Failure failure = account.failure();
        String why =
                failure == null ? "" : ": " + failure.code().wireName() + ", " + failure.message();
        return account.state() == AccountState.PARKED
                ? miss("account " + id + " is parked" + why)
                : Optional.empty();
    }

    private static Optional<Miss> miss(String problem) {
        return Optional.of(new Miss(Reason.ACCOUNT_UNAVAILABLE, problem + "; no mail is sent"));
    }
}
