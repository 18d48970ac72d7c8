package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.Mailbox;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.CheckAdmission;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.host.RestingSession;
import dev.mailbell.watch.schedule.AdaptiveInterval;
import dev.mailbell.watch.schedule.CheckOutcome;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One account under watch: what is kept of it in memory between looks. */
final class WatchedAccount implements RestingSession {
    /** How often one who waits for push is asked again to let somebody else in. */
    private static final Duration ASKED_AGAIN = Duration.ofMillis(50);

    private static final Duration LONGEST_GOODBYE = Duration.ofMinutes(1);

    private final TimerQueue.Slot<WatchedAccount> slot = new TimerQueue.Slot<>(this);

    /**
     * Held by whoever looks or waits for push; handed on when the account changes, so that an
     * account never has two sessions. Fair, so that one who waits for push lets others in.
     */
    private final ReentrantLock looking;

    private volatile Account account;
    private volatile boolean ended;
    private final DueCheck due = new DueCheck();
    private volatile boolean pushing;
    private volatile @Nullable OpenSession open;
    private @Nullable ConnectionPermit permit;
    private volatile @Nullable Instant lastCheckedAt;
    private volatile boolean seen;
    private volatile @Nullable Proof proof;
    private Account saved;
    private boolean retryingTold;
    private boolean savedInDoubt;

    /** By name; empty until the first look reads the table. Guarded by {@link #looking}. */
    private final Map<String, Mailbox> mailboxes = new TreeMap<>();

    private final AdaptiveInterval rhythm;

    WatchedAccount(Account account, ReentrantLock looking, LongSupplier nanoTime) {
        this.account = account;
        this.saved = account;
        this.looking = looking;
        this.rhythm = new AdaptiveInterval(nanoTime);
    }

    Account account() {
        return account;
    }

    /** The provider renewed the login; it is stored. */
    synchronized void renewed(byte[] credential) {
        account = account.withCredential(credential);
    }

    TimerQueue.Slot<WatchedAccount> slot() {
        return slot;
    }

    ReentrantLock looking() {
        return looking;
    }

    /** The mailboxes as last recorded, by name; only for who holds {@link #looking}. */
    Map<String, Mailbox> mailboxes() {
        return mailboxes;
    }

    /** What decides on the next look; only for who holds {@link #looking}. */
    AdaptiveInterval rhythm() {
        return rhythm;
    }

    /**
     * Nothing is looked at any more; whoever waits for push wakes up and says goodbye.
     *
     * @param gone told when no session is open any more
     */
    void end(Runnable gone) {
        ended = true;
        due.cancelWaiting();
        Thread.ofVirtual()
                .name("ending")
                .start(() -> {
                    try {
                        sayGoodbye();
                    } finally {
                        gone.run();
                    }
                });
    }

    /** How many looks have begun; only for who compares it with what it was. */
    int looksBegun() {
        return due.begun();
    }

    /** Whether nothing would ever look at it again, unless its look is just about to begin. */
    boolean isForgotten() {
        return !ended && !pushing && !due.isWaiting() && !looking.isLocked();
    }

    boolean hasEnded() {
        return ended;
    }

    /** Whether its next look is due, and what that waits for. */
    DueCheck due() {
        return due;
    }

    /** A look is due; true until one begins. */
    boolean isLookWanted() {
        return due.isWanted();
    }

    /**
     * @param since the monotonic clock's nanoseconds
     */
    void wantLook(long since) {
        due.want(since);
    }

    /**
     * A look begins: what it waited for is not needed any more.
     *
     * @return since when one was due, by the monotonic clock; {@code now} when none was
     */
    long lookBegins(long now) {
        return due.begin(now);
    }

    /**
     * A connection was granted, to be used by the next look; only for who holds {@link #looking}.
     */
    void grant(@Nullable ConnectionPermit given) {
        permit = given;
    }

    /** The connection that was granted; null for none. */
    @Nullable ConnectionPermit takePermit() {
        ConnectionPermit given = permit;
        permit = null;
        return given;
    }

    /** The session that is open; null for none. Changed only by who holds {@link #looking}. */
    @Nullable OpenSession open() {
        return open;
    }

    void opened(OpenSession session) {
        open = session;
    }

    /** Closes the session if there is one; only for who holds {@link #looking}. */
    void closeSession() {
        OpenSession session = open;
        if (session != null) {
            open = null;
            session.permit().host().rouse(this);
            session.close();
        }
    }

    /** Closes the session unless it waits for push; whoever uses it now is let finish. */
    @Override
    public void dismiss() {
        try {
            if (looking.tryLock(LONGEST_GOODBYE.toNanos(), TimeUnit.NANOSECONDS)) {
                try {
                    if (!pushing) {
                        closeSession();
                    }
                } finally {
                    looking.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends a waiting for push and says goodbye; a look under way is let end. */
    void sayGoodbye() {
        try {
            if (lockWithin(LONGEST_GOODBYE)) {
                try {
                    closeSession();
                } finally {
                    looking.unlock();
                }
            } else {
                OpenSession session = open;
                if (session != null) {
                    session.cut();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes {@link #looking}, from one who waits for push too. */
    boolean lockWithin(Duration time) throws InterruptedException {
        Deadline deadline = Deadline.after(time);
        do {
            interrupt();
            if (looking.tryLock(ASKED_AGAIN.toNanos(), TimeUnit.NANOSECONDS)) {
                return true;
            }
        } while (!deadline.isPast());
        return false;
    }

    /** The account as it was last written; only for who holds {@link #looking}. */
    Account saved() {
        return saved;
    }

    void saved(Account now) {
        saved = now;
    }

    /** Whether its client was told that looks fail; only for who holds {@link #looking}. */
    boolean isRetryingTold() {
        return retryingTold;
    }

    void retryingTold(boolean told) {
        retryingTold = told;
    }

    /**
     * Whether the table may hold another state than {@link #saved()}: the last write was not
     * answered. Only for the thread that holds {@link #looking}.
     */
    boolean isSavedInDoubt() {
        return savedInDoubt;
    }

    void savedInDoubt(boolean now) {
        savedInDoubt = now;
    }

    /** Wakes who waits for push. */
    void interrupt() {
        OpenSession session = open;
        if (session != null && pushing) {
            session.interrupt();
        }
    }

    /** Whether a thread waits for push. */
    boolean isPushing() {
        return pushing;
    }

    void pushing(boolean now) {
        pushing = now;
    }

    @Nullable Instant lastCheckedAt() {
        return lastCheckedAt;
    }

    /** {@code idle} or {@code poll}; null while it is not being seen. */
    @Nullable String mode() {
        return !seen ? null : pushing ? "idle" : "poll";
    }

    /** The proof that the last look rests on; null before the first. */
    @Nullable Proof proof() {
        return proof;
    }

    void restsOn(Proof rung) {
        proof = rung;
    }

    /** A look was recorded. */
    synchronized void succeeded(Instant now, @Nullable Failure remaining) {
        lastCheckedAt = now;
        seen = true;
        account = CheckOutcome.success(account, remaining, now);
    }

    /** A look failed; says what the account has become. */
    synchronized void failed(MailFailure failure, Instant now) {
        seen = false;
        Failure before = account.failure();
        rhythm.failed(
                before == null || account.state() == AccountState.WATCHING,
                before == null ? Duration.ZERO : Duration.between(before.since(), now));
        account = CheckOutcome.failure(account, failure, hasEverWorked(), rhythm.failingFor(), now);
    }

    /** Whether the last look failed. */
    boolean isRetrying() {
        return account.state() == AccountState.RETRYING || account.state() == AccountState.PARKED;
    }

    /** The mail server's host and port, by which checks are let in. */
    String server() {
        return CheckAdmission.server(account.mail());
    }

    /** Whether a look has ever succeeded. */
    boolean hasEverWorked() {
        return account.lastCheckedAt() != null || lastCheckedAt != null;
    }
}
