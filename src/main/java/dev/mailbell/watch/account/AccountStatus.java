package dev.mailbell.watch.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an account under watch at one moment. Immutable: each change is another status.
 *
 * @param lastCheckedAt when a check last succeeded since this process began; null when none did
 * @param seen whether the last check succeeded
 * @param pushing whether a thread waits for push
 * @param proof the proof that the last check rests on; null before the first check
 */
public record AccountStatus(
        Account account,
        @Nullable Instant lastCheckedAt,
        boolean seen,
        boolean pushing,
        @Nullable Proof proof) {

    static AccountStatus of(Account account) {
        return new AccountStatus(account, null, false, false, null);
    }

    /** {@code idle} or {@code poll}; null while the last check has not succeeded. */
    public @Nullable String mode() {
        return !seen ? null : pushing ? "idle" : "poll";
    }

    /** Whether the last check failed. */
    public boolean isRetrying() {
        return account.state() == AccountState.RETRYING || account.state() == AccountState.PARKED;
    }

    /** Whether a check has ever succeeded, in this process or before. */
    public boolean hasEverWorked() {
        return account.lastCheckedAt() != null || lastCheckedAt != null;
    }

    /**
     * @param remaining what is wrong although the check succeeded; null for nothing
     */
    AccountStatus succeeded(Instant now, @Nullable Failure remaining) {
        return new AccountStatus(
                AccountStateMachine.succeeded(account, remaining, now), now, true, pushing, proof);
    }

    /**
     * @param failingFor how long ago the first of the failures in a row was
     */
    AccountStatus failed(MailFailure failure, Duration failingFor, Instant now) {
        Account after =
                AccountStateMachine.failed(account, failure, hasEverWorked(), failingFor, now);
        return new AccountStatus(after, lastCheckedAt, false, pushing, proof);
    }

    AccountStatus withCredential(byte[] credential) {
        return new AccountStatus(
                account.withCredential(credential), lastCheckedAt, seen, pushing, proof);
    }

    AccountStatus withPushing(boolean now) {
        return new AccountStatus(account, lastCheckedAt, seen, now, proof);
    }

    AccountStatus withProof(Proof used) {
        return new AccountStatus(account, lastCheckedAt, seen, pushing, used);
    }
}
