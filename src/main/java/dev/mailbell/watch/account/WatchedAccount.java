package dev.mailbell.watch.account;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.Failure;
import dev.mailbell.account.Mailbox;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.Proof;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.CheckedServer;
import dev.mailbell.watch.history.CheckHistory;
import dev.mailbell.watch.schedule.AdaptiveInterval;
import dev.mailbell.watch.schedule.CheckWait;
import dev.mailbell.watch.schedule.TimerQueue;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One account under watch: its session, its status, its timer, and what only the holder of the
 * session's lock may use.
 */
public final class WatchedAccount {
    private final TimerQueue.Timer<WatchedAccount> timer = new TimerQueue.Timer<>(this);
    private final DueCheck due = new DueCheck();
    private final AtomicReference<AccountStatus> status;
    private final AccountSession session;
    private final CheckHistory history;
    private volatile boolean ended;
    private volatile boolean isVoid;
    private volatile boolean staleAnnounced;
    private volatile boolean marksMayDiffer;
    private volatile boolean stateMayDiffer;
    private volatile @Nullable CheckWait heldUp;
    private final AtomicReference<@Nullable Runnable> afterFirstCheck = new AtomicReference<>();

    // The rest is guarded by the session's lock.
    private final AdaptiveInterval adaptive;
    private StoredState stored;
    private @Nullable RunningCheck running;

    /** By name; empty until the first check reads the table. */
    private final Map<String, Mailbox> mailboxes = new TreeMap<>();

    /**
     * @param retryingAnnounced whether the event {@code account.retrying} was written
     * @param history how its checks went before it was changed
     */
    public WatchedAccount(
            Account account,
            boolean retryingAnnounced,
            ReentrantLock lock,
            LongSupplier nanoTime,
            CheckHistory history) {
        AtomicReference<AccountStatus> current = new AtomicReference<>(AccountStatus.of(account));
        this.status = current;
        this.session = new AccountSession(lock, () -> current.get().pushing());
        this.history = history;
        this.stored = new StoredState(account, retryingAnnounced, false);
        this.adaptive = new AdaptiveInterval(nanoTime);
    }

    public AccountStatus status() {
        return status.get();
    }

    public Account account() {
        return status().account();
    }

    public AccountSession session() {
        return session;
    }

    /** How the latest checks went. */
    public CheckHistory history() {
        return history;
    }

    /** A check begins at the mail server. */
    public void checkBegins(CheckTrigger trigger) {
        running = new RunningCheck(trigger, System.nanoTime());
    }

    /** What is known of the check that ends now; null when it did not begin at the mail server. */
    public @Nullable RunningCheck checkEnds() {
        RunningCheck ended = running;
        running = null;
        return ended;
    }

    /**
     * The timer of the next check; set by {@link CheckSchedule} alone, which also holds its monitor
     * while it decides. The monitor is taken before the lock of the timers, and after the
     * session's.
     */
    TimerQueue.Timer<WatchedAccount> timer() {
        return timer;
    }

    /** Whether the next check is due, and what it waits for. */
    public DueCheck due() {
        return due;
    }

    /** What decides on the next check. */
    public AdaptiveInterval adaptive() {
        return adaptive;
    }

    /** The mailboxes as last recorded, by name. */
    public Map<String, Mailbox> mailboxes() {
        return mailboxes;
    }

    /** The table may have lost the marks that were recorded last; for any thread. */
    public void marksMayDiffer() {
        marksMayDiffer = true;
    }

    /** Forgets the mailboxes as last recorded where the table may have others. */
    public void forgetMarksThatMayDiffer() {
        if (marksMayDiffer) {
            marksMayDiffer = false;
            mailboxes.clear();
        }
    }

    /** The account as last written or read. */
    public StoredState stored() {
        return stored;
    }

    public void stored(StoredState now) {
        stored = now;
    }

    /** Takes the state in the table for unknown where it may differ. */
    public void forgetStateThatMayDiffer() {
        if (stateMayDiffer) {
            stateMayDiffer = false;
            stored = stored.unknown();
        }
    }

    /**
     * The account's row, which may have lost what was written last, has this state; for any thread.
     */
    public void stateIs(AccountState inTable) {
        if (inTable != account().state()) {
            stateMayDiffer = true;
        }
    }

    /** Sets what is called once, when a check has ended or none begins any more. */
    public void afterFirstCheck(Runnable action) {
        afterFirstCheck.set(action);
        if (ended) {
            firstCheckIsOver();
        }
    }

    private void firstCheckIsOver() {
        Runnable action = afterFirstCheck.getAndSet(null);
        if (action != null) {
            action.run();
        }
    }

    /**
     * The account was changed, paused or removed: no check begins any more, and what one under way
     * finds is void. A thread that waits for push wakes up, and the session is closed.
     *
     * @param closed called when no session is open any more
     */
    public void end(Runnable closed) {
        isVoid = true;
        release(closed);
    }

    /**
     * The same while the account stays as it is, on its way to another node: a check under way ends
     * and is recorded.
     *
     * @param closed called when no session is open any more
     */
    public void release(Runnable closed) {
        ended = true;
        firstCheckIsOver();
        due.cancelWaiting();
        CheckWait wait = heldUp;
        if (wait != null) {
            wait.cancel();
        }
        if (session.endIfUnused()) {
            closed.run();
            return;
        }
        Thread.ofVirtual()
                .name("ending")
                .start(() -> {
                    try {
                        session.end();
                    } finally {
                        closed.run();
                    }
                });
    }

    /** The account has ended, and another node may watch it: what is open or under way is cut. */
    public void cut() {
        isVoid = true;
        ended = true;
        session.cut();
    }

    /** Whether no check begins any more. */
    public boolean hasEnded() {
        return ended;
    }

    /** Whether what a check under way finds must not be recorded. */
    public boolean isVoid() {
        return isVoid;
    }

    /** The holder of the lock waits for a request, which is cancelled when the account ends. */
    public void waitsFor(CheckWait request) {
        heldUp = request;
        if (ended) {
            request.cancel();
        }
    }

    /** The holder of the lock waits no more. */
    public void waitsNoMore() {
        heldUp = null;
    }

    /** Whether nothing but a timer would lead to another check. */
    public boolean needsTimer() {
        return !ended && !status().pushing() && !due.isWaiting() && !session.lock().isLocked();
    }

    /** Whether the event {@code account.stale} was made, and no check has ended since. */
    public boolean isStaleAnnounced() {
        return staleAnnounced;
    }

    public void staleAnnounced(boolean now) {
        staleAnnounced = now;
    }

    /** This account, with what its row says of that. */
    public WatchedAccount withStale(boolean announced) {
        staleAnnounced = announced;
        return this;
    }

    /** The mail server, by which checks are admitted. */
    public CheckedServer server() {
        return CheckedServer.of(account());
    }

    public void pushing(boolean now) {
        status.updateAndGet(before -> before.withPushing(now));
    }

    /** A check rests on this proof. */
    public void proofUsed(Proof proof) {
        status.updateAndGet(before -> before.withProof(proof));
    }

    /** The provider renewed the login; it is stored. */
    public void renewed(byte[] credential) {
        status.updateAndGet(before -> before.withCredential(credential));
    }

    /**
     * A check was recorded.
     *
     * @param remaining what is wrong although the check succeeded; null for nothing
     */
    public void succeeded(Instant now, @Nullable Failure remaining) {
        status.updateAndGet(before -> before.succeeded(now, remaining));
        firstCheckIsOver();
    }

    /** A check failed. */
    public void failed(MailFailure failure, Instant now) {
        Account account = account();
        Failure before = account.failure();
        adaptive.failed(
                before == null || account.state() == AccountState.WATCHING,
                before == null ? Duration.ZERO : Duration.between(before.since(), now));
        Duration failingFor = adaptive.failingFor();
        status.updateAndGet(known -> known.failed(failure, failingFor, now));
        firstCheckIsOver();
    }
}
