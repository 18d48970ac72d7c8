package dev.mailbell.watch.host;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NoRoomException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One mail host as this node treats it: so many connections, so many logins a second, first come
 * first served. Logins begin slowly after a start and after an outage, and speed up with every one
 * that succeeds. Safe for many threads.
 */
public final class MailHostLimiter {
    /** Lines that are longer are cleared of those who left, each time they have doubled. */
    private static final int SWEPT_FROM = 1_000;

    private final String name;
    private final HostLimits limits;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<ConnectionRequest> urgent = new ArrayDeque<>();
    private final Deque<ConnectionRequest> waiting = new ArrayDeque<>();

    /** Kept sessions that nobody uses now, the one that rests longest first. */
    private final Set<RestingSession> resting = new LinkedHashSet<>();

    private boolean granting;
    private boolean lastWasUrgent;
    private boolean dismissing;
    private long dismissedAt;
    private int sweptAt = SWEPT_FROM;
    private int open;
    private int pushing;
    private long usedAt;
    private volatile long grantedAt;
    private boolean pushRefused;

    public MailHostLimiter(String name, HostLimits limits, LongSupplier nanoTime) {
        this.name = name;
        this.limits = limits;
        this.nanoTime = nanoTime;
        this.usedAt = nanoTime.getAsLong();
        this.grantedAt = usedAt;
    }

    public String name() {
        return name;
    }

    /** When the line last moved, by the monotonic clock. */
    long grantedAt() {
        return grantedAt;
    }

    /** Joins the line. */
    public void submit(ConnectionRequest request) {
        join(waiting, request);
    }

    /**
     * Waits for a connection ahead of all that are not urgent.
     *
     * @throws MailFailure rate_limited when the deadline passes first
     */
    public ConnectionPermit acquire(Deadline deadline) {
        CompletableFuture<ConnectionPermit> permit = new CompletableFuture<>();
        ConnectionRequest request = ConnectionRequest.completing(permit);
        join(urgent, request);
        try {
            return permit.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw full(request, permit);
        } catch (TimeoutException | ExecutionException e) {
            throw full(request, permit);
        }
    }

    private MailFailure full(ConnectionRequest request, CompletableFuture<ConnectionPermit> permit) {
        request.cancel();
        if (!permit.cancel(false)) {
            permit.join().release();
        }
        return new NoRoomException(
                "this node's limits for "
                        + name
                        + " (connections, logins per second) leave no room now; try again later");
    }

    private void join(Deque<ConnectionRequest> line, ConnectionRequest request) {
        lock.lock();
        try {
            if (line.size() >= sweptAt) {
                line.removeIf(other -> !other.isWaiting());
                sweptAt = Math.max(SWEPT_FROM, 2 * line.size());
            }
            request.joined(this);
            if (urgent.isEmpty() && waiting.isEmpty()) {
                grantedAt = nanoTime.getAsLong();
            }
            line.add(request);
            usedAt = nanoTime.getAsLong();
            if (granting) {
                changed.signal();
            } else {
                granting = true;
                Thread.ofVirtual().name("logins-" + name).start(this::grantInTurn);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Calls one after the other as the limits allow, until nobody waits. */
    private void grantInTurn() {
        ConnectionRequest next = next();
        while (next != null) {
            next.grant(new ConnectionPermit(this));
            next = next();
        }
    }

    private @Nullable ConnectionRequest next() {
        lock.lock();
        try {
            while (true) {
                Deque<ConnectionRequest> line = line();
                if (line.isEmpty()) {
                    granting = false;
                    return null;
                }
                long now = nanoTime.getAsLong();
                long wait = limits.untilNextLogin(now);
                if (open >= limits.connections(now)) {
                    dismissOneResting();
                    await(TimeUnit.SECONDS.toNanos(1));
                } else if (wait > 0) {
                    // Bounded, so that a changed limit and a test's clock are noticed.
                    await(Math.min(wait, TimeUnit.MILLISECONDS.toNanos(100)));
                } else {
                    open++;
                    limits.login(now);
                    lastWasUrgent = line == urgent;
                    grantedAt = now;
                    return line.remove();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Urgent ones go first, but not twice in a row while others wait. */
    private Deque<ConnectionRequest> line() {
        skipCancelled(urgent);
        skipCancelled(waiting);
        boolean urgentFirst = !urgent.isEmpty() && (waiting.isEmpty() || !lastWasUrgent);
        return urgentFirst ? urgent : waiting;
    }

    private static void skipCancelled(Deque<ConnectionRequest> line) {
        while (!line.isEmpty() && !line.peek().isWaiting()) {
            line.remove();
        }
    }

    private void await(long nanos) {
        try {
            long left = changed.awaitNanos(nanos);
            assert left <= nanos;
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }

    private void dismissOneResting() {
        long now = nanoTime.getAsLong();
        boolean underWay = dismissing && now - dismissedAt < TimeUnit.SECONDS.toNanos(5);
        if (!resting.isEmpty() && !underWay) {
            dismissing = true;
            dismissedAt = now;
            RestingSession longest = resting.iterator().next();
            resting.remove(longest);
            Thread.ofVirtual().name("dismissal").start(longest::dismiss);
        }
    }

    /** An account's kept session is used by nobody from now on, until {@link #rouse}. */
    public void rest(RestingSession watched) {
        locked(() -> resting.add(watched));
    }

    public void rouse(RestingSession watched) {
        locked(() -> resting.remove(watched));
    }

    boolean beginPush() {
        lock.lock();
        try {
            int most = limits.connections(nanoTime.getAsLong());
            boolean room = most == Integer.MAX_VALUE || pushing < most - Math.max(1, most / 10);
            pushing += room ? 1 : 0;
            return room;
        } finally {
            lock.unlock();
        }
    }

    /** Whether one that pushes may go on: the limit may have been lowered meanwhile. */
    boolean mayGoOnPushing() {
        lock.lock();
        try {
            int most = limits.connections(nanoTime.getAsLong());
            return most == Integer.MAX_VALUE || pushing <= most - Math.max(1, most / 10);
        } finally {
            lock.unlock();
        }
    }

    void endPush() {
        locked(() -> pushing--);
    }

    void closed(boolean pushed) {
        locked(() -> {
            open--;
            dismissing = false;
            pushing -= pushed ? 1 : 0;
            changed.signal();
        });
    }

    /**
     * A look succeeded: logins speed up.
     *
     * @return whether the host was away before
     */
    public boolean worked() {
        lock.lock();
        try {
            boolean wasAway = limits.worked(nanoTime.getAsLong());
            changed.signal();
            return wasAway;
        } finally {
            lock.unlock();
        }
    }

    /** A look failed for a reason that lies in the host: logins slow down. */
    public void failed(FailureCode code) {
        locked(() -> limits.failed(code, open, nanoTime.getAsLong()));
    }

    /** Whether nobody has told before that this host refuses push. */
    public boolean firstToRefusePush() {
        lock.lock();
        try {
            boolean first = !pushRefused;
            pushRefused = true;
            return first;
        } finally {
            lock.unlock();
        }
    }

    private void locked(Runnable step) {
        lock.lock();
        try {
            step.run();
        } finally {
            lock.unlock();
        }
    }

    public HostStatus status() {
        lock.lock();
        try {
            return new HostStatus(
                    name,
                    open, pushing, urgent.size() + waiting.size(), nanoTime.getAsLong() - usedAt);
        } finally {
            lock.unlock();
        }
    }
}
