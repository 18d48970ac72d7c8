package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.Mailbox;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One account under watch: what is kept of it in memory between looks. */
final class AccountWatch {
    /**
     * How many refusals it takes to believe a server that a login which worked does so no longer.
     */
    private static final int REFUSALS = 3;

    /** Over how long they must be spread: on-demand looks may come in quick succession. */
    private static final Duration REFUSED_FOR = Duration.ofMinutes(10);

    private final Timetable.Slot<AccountWatch> slot = new Timetable.Slot<>(this);

    /**
     * Held by whoever looks; handed on when the account changes, so that an account never has two
     * sessions.
     */
    private final ReentrantLock looking;

    private volatile Account account;
    private volatile boolean ended;
    private volatile @Nullable Instant lastCheckedAt;
    private volatile @Nullable String mode;
    private volatile Duration loginDelay = Duration.ZERO;

    /** By name; empty until the first look reads the table. Guarded by {@link #looking}. */
    private final Map<String, Mailbox> mailboxes = new TreeMap<>();

    AccountWatch(Account account, ReentrantLock looking) {
        this.account = account;
        this.looking = looking;
    }

    Account account() {
        return account;
    }

    /** The provider renewed the login; it is stored. */
    synchronized void renewed(byte[] credential) {
        account = account.withCredential(credential);
    }

    Timetable.Slot<AccountWatch> slot() {
        return slot;
    }

    ReentrantLock looking() {
        return looking;
    }

    /** The mailboxes as last recorded, by name; only for who holds {@link #looking}. */
    Map<String, Mailbox> mailboxes() {
        return mailboxes;
    }

    void end() {
        ended = true;
    }

    boolean hasEnded() {
        return ended;
    }

    @Nullable Instant lastCheckedAt() {
        return lastCheckedAt;
    }

    @Nullable String mode() {
        return mode;
    }

    /** The shortest interval that the server asked for; zero when it asked for none. */
    Duration loginDelay() {
        return loginDelay;
    }

    void learned(Duration delay) {
        loginDelay = delay;
    }

    /** A look was recorded. */
    synchronized void succeeded(Instant now, @Nullable Failure remaining) {
        lastCheckedAt = now;
        mode = "poll";
        Instant since = account.state() == AccountState.WATCHING ? account.stateSince() : now;
        account = account.withState(AccountState.WATCHING, since, remaining);
    }

    /** A look failed; says what the account has become. */
    synchronized void failed(MailFailure failure, Instant now) {
        Failure before = account.failure();
        Failure next =
                before == null || account.state() == AccountState.WATCHING
                        ? new Failure(failure.code(), failure.reason(), now, 1)
                        : new Failure(
                                failure.code(),
                                failure.reason(),
                                before.since(),
                                before.attempts() + 1);
        AccountState state = stateAfter(next, now);
        Instant since = account.state() == state ? account.stateSince() : now;
        mode = null;
        account = account.withState(state, since, next);
    }

    private AccountState stateAfter(Failure failure, Instant now) {
        FailureCode code = failure.code();
        boolean worked = account.lastCheckedAt() != null || lastCheckedAt != null;
        if (code.needsOwner() && (!worked || refusedForLong(failure, now))) {
            return AccountState.PARKED;
        }
        return account.state() == AccountState.PARKED && code.needsOwner()
                ? AccountState.PARKED
                : AccountState.RETRYING;
    }

    private static boolean refusedForLong(Failure failure, Instant now) {
        return failure.attempts() >= REFUSALS && !failure.since().plus(REFUSED_FOR).isAfter(now);
    }
}
