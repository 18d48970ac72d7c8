package dev.mailbell.watch.host;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NoRoomException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.SequencedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits the connections to one mail host and its logins a second; requests are served in their
 * order. The rate of logins is low after a start and an outage, and rises with every check that
 * succeeds. Safe for many threads.
 */
public final class MailHostLimiter {
    /** A longer queue is cleared of cancelled requests each time its length has doubled. */
    private static final int SWEPT_FROM = 1_000;

    private final String name;
    private final HostLimits limits;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<ConnectionRequest> urgent = new ArrayDeque<>();
    private final Deque<ConnectionRequest> waiting = new ArrayDeque<>();

    /** Kept sessions that no thread uses now, the one that has rested longest first. */
    private final SequencedSet<RestingSession> resting = new LinkedHashSet<>();

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

    /** When a request was last granted, by the monotonic clock. */
    long grantedAt() {
        return grantedAt;
    }

    /** Queues the request. */
    public void submit(ConnectionRequest request) {
        enqueue(waiting, request);
    }

    /**
     * Waits for a connection ahead of all that are not urgent.
     *
     * @throws MailFailure rate_limited when the deadline passes first
     */
    public ConnectionPermit acquire(Deadline deadline) {
        CompletableFuture<ConnectionPermit> permit = new CompletableFuture<>();
        ConnectionRequest request = ConnectionRequest.completing(permit);
        enqueue(urgent, request);
        try {
            return permit.get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw noPermit(request, permit);
        } catch (TimeoutException | ExecutionException e) {
            throw noPermit(request, permit);
        }
    }

    private MailFailure noPermit(
            ConnectionRequest request, CompletableFuture<ConnectionPermit> permit) {
        request.cancel();
        if (!permit.cancel(false)) {
            permit.join().release();
        }
        return new NoRoomException(
                "this node's limits for "
                        + name
                        + " (connections, logins per second) leave no room now; try again later");
    }

    private void enqueue(Deque<ConnectionRequest> queue, ConnectionRequest request) {
        lock.lock();
        try {
            if (queue.size() >= sweptAt) {
                queue.removeIf(other -> !other.isWaiting());
                sweptAt = Math.max(SWEPT_FROM, 2 * queue.size());
            }
            request.queuedAt(this);
            if (urgent.isEmpty() && waiting.isEmpty()) {
                grantedAt = nanoTime.getAsLong();
            }
            queue.add(request);
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

    /** Grants one request after the other as the limits allow, until the queues are empty. */
    private void grantInTurn() {
        for (ConnectionRequest next = next(); next != null; next = next()) {
            next.grant(new ConnectionPermit(this));
        }
    }

    private @Nullable ConnectionRequest next() {
        lock.lock();
        try {
            while (true) {
                Deque<ConnectionRequest> queue = queue();
                if (queue.isEmpty()) {
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
                    lastWasUrgent = queue == urgent;
                    grantedAt = now;
                    return queue.remove();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Urgent requests go first, but not two in a row while others wait. */
    private Deque<ConnectionRequest> queue() {
        skipCancelled(urgent);
        skipCancelled(waiting);
        boolean urgentFirst = !urgent.isEmpty() && (waiting.isEmpty() || !lastWasUrgent);
        return urgentFirst ? urgent : waiting;
    }

    private static void skipCancelled(Deque<ConnectionRequest> queue) {
        while (!queue.isEmpty() && !queue.peek().isWaiting()) {
            queue.remove();
        }
    }

    private void await(long nanos) {
        try {
            long left = changed.awaitNanos(nanos);
            assert left <= nanos;
        } catch (InterruptedException e) {
            throw new IllegalStateException("this thread was interrupted", e);
        }
    }

    private void dismissOneResting() {
        long now = nanoTime.getAsLong();
        boolean underWay = dismissing && now - dismissedAt < TimeUnit.SECONDS.toNanos(5);
        if (!resting.isEmpty() && !underWay) {
            dismissing = true;
            dismissedAt = now;
            RestingSession longest = resting.removeFirst();
            Thread.ofVirtual().name("dismissal").start(longest::dismiss);
        }
    }

    /** No thread uses the kept session from now on, until {@link #rouse}. */
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
            boolean free = most == Integer.MAX_VALUE || pushing < most - Math.max(1, most / 10);
            pushing += free ? 1 : 0;
            return free;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a session may go on waiting for push: the limit may have been lowered meanwhile. */
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
     * A check succeeded: the rate of logins rises.
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

    /** A check failed for a reason that lies in the host: the rate of logins is halved. */
    public void failed(FailureCode code) {
        locked(() -> limits.failed(code, open, nanoTime.getAsLong()));
    }

    /** Whether it was not known before that this host refuses push. */
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
                    open,
                    pushing,
                    urgent.size() + waiting.size(),
                    nanoTime.getAsLong() - usedAt);
        } finally {
            lock.unlock();
        }
    }
}
