package dev.mailbell.watch.account;

import dev.mailbell.mail.connection.ConnectionGroup;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.host.ConnectionPermit;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.host.RestingSession;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** An account's session with its mail server, and the lock that its one user holds. */
public final class AccountSession implements RestingSession {
    /** How often a thread that waits for push is interrupted while another waits for the lock. */
    private static final Duration INTERRUPTED_EVERY = Duration.ofMillis(50);

    private static final Duration LONGEST_CLOSE = Duration.ofMinutes(1);

    /**
     * Held by the thread that checks or waits for push. Passed on when the account changes, so that
     * an account never has two sessions. Fair, so that a thread that waits for push lets others in.
     */
    private final ReentrantLock lock;

    private final ConnectionGroup connections = new ConnectionGroup();
    private final BooleanSupplier pushing;
    private volatile @Nullable OpenSession open;
    private @Nullable ConnectionPermit granted;

    /**
     * @param pushing whether a thread waits for push
     */
    AccountSession(ReentrantLock lock, BooleanSupplier pushing) {
        this.lock = lock;
        this.pushing = pushing;
    }

    public ReentrantLock lock() {
        return lock;
    }

    /** All connections of the account, also those that are being opened. */
    public ConnectionGroup connections() {
        return connections;
    }

    /** Takes the lock, also from a thread that waits for push; false when the time is over. */
    public boolean lockWithin(Duration time) throws InterruptedException {
        Deadline deadline = Deadline.after(time);
        do {
            interrupt();
            if (lock.tryLock(INTERRUPTED_EVERY.toNanos(), TimeUnit.NANOSECONDS)) {
                return true;
            }
        } while (!deadline.isPast());
        return false;
    }

    /** A connection was granted for the next check. The caller holds the lock. */
    public void grant(@Nullable ConnectionPermit permit) {
        granted = permit;
    }

    /** The connection that was granted; null for none. The caller holds the lock. */
    public @Nullable ConnectionPermit takeGranted() {
        ConnectionPermit permit = granted;
        granted = null;
        return permit;
    }

    /** Gives back the connection that was granted and not used. The caller holds the lock. */
    public void releaseGranted() {
        ConnectionPermit unused = takeGranted();
        if (unused != null) {
            unused.release();
        }
    }

    /** The open session; null for none. Changed only by the holder of the lock. */
    public @Nullable OpenSession open() {
        return open;
    }

    public void opened(OpenSession session) {
        open = session;
    }

    /** Closes the session if there is one. The caller holds the lock. */
    public void close() {
        OpenSession session = open;
        if (session != null) {
            open = null;
            session.permit().host().rouse(this);
            session.close();
        }
    }

    /** Wakes the thread that waits for push. */
    public void interrupt() {
        OpenSession session = open;
        if (session != null && pushing.getAsBoolean()) {
            session.interrupt();
        }
    }

    /** Closes the session unless it waits for push; a check under way ends first. */
    @Override
    public void dismiss() {
        closeIf(session -> true);
    }

    private void closeIf(Predicate<OpenSession> condition) {
        try {
            if (lock.tryLock(LONGEST_CLOSE.toNanos(), TimeUnit.NANOSECONDS)) {
                try {
                    OpenSession session = open;
                    if (session != null && !pushing.getAsBoolean() && condition.test(session)) {
                        close();
                    }
                } finally {
                    lock.unlock();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Closes every connection at once without a logout, also during a login or a check; for any
     * thread. The thread that uses the session then closes it.
     */
    public void cut() {
        OpenSession session = open;
        if (session != null) {
            session.cut();
        }
        connections.cut();
    }

    /** The same, and a session that no thread uses is closed. */
    public void suspend() {
        boolean rests = open != null && !pushing.getAsBoolean();
        cut();
        if (rests) {
            Thread.ofVirtual().name("dismissal").start(() -> closeIf(OpenSession::isCut));
        }
    }

    /** Answers whether no session is open and no thread opens or uses one. */
    boolean endIfUnused() {
        if (lock.isHeldByCurrentThread() || !lock.tryLock()) {
            return false;
        }
        try {
            return open == null;
        } finally {
            lock.unlock();
        }
    }

    /** Closes the session, also one that waits for push; a check under way ends first. */
    public void end() {
        try {
            if (lockWithin(LONGEST_CLOSE)) {
                try {
                    close();
                } finally {
                    lock.unlock();
                }
            } else {
                cut();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
