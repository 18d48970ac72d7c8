package dev.mailbell.watch.host;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.fairness.Shares;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.schedule.CheckWait;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits the connections to one mail host and its logins a second. Clients take turns, and share
 * the connections; the requests of a client are served in their order. The rate of logins is low
 * after a start and an outage, and rises with every check that succeeds. Safe for many threads.
 */
public final class MailHostLimiter {
    private final String name;
    private final HostLimits limits;
    private final LongSupplier nanoTime;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ConnectionQueue queue = new ConnectionQueue();

    private final RestingSessions resting = new RestingSessions();
    private boolean granting;
    private final Shares open;
    private final Shares pushing;
    private long usedAt;
    private volatile long grantedAt;
    private boolean pushRefused;

    /** Limits that the known clients of this node share. */
    public MailHostLimiter(
            String name, HostLimits limits, KnownClients known, LongSupplier nanoTime) {
        this.name = name;
        this.open = new Shares(Integer.MAX_VALUE, known);
        this.pushing = new Shares(Integer.MAX_VALUE, known);
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
        enqueue(request, () -> queue.add(request));
    }

    /**
     * Waits for a connection ahead of all that are not urgent.
     *
     * @param waiting takes the request, so that another thread can cancel it
     * @throws MailFailure rate_limited when the deadline passes first
     * @throws NotWatchedException when another thread cancels the request
     */
    public ConnectionPermit acquire(UUID client, Deadline deadline, Consumer<CheckWait> waiting) {
        ConnectionWait wait = new ConnectionWait(client);
        enqueue(wait.request(), () -> queue.addUrgent(wait.request()));
        waiting.accept(wait.request());
        return wait.until(deadline)
                .orElseThrow(() ->
                        new NoRoomException(
                                "this node's limits for "
                                        + name
                                        + " (connections, logins per second) leave no room now; try"
                                        + " again later"));
    }

    /** The same for a request that nothing cancels. */
    public ConnectionPermit acquire(UUID client, Deadline deadline) {
        return acquire(client, deadline, request -> {});
    }

    private void enqueue(ConnectionRequest request, Runnable add) {
        lock.lock();
        try {
            request.queuedAt(this);
            if (queue.size() == 0) {
                grantedAt = nanoTime.getAsLong();
            }
            add.run();
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
            next.grant(new ConnectionPermit(this, next.client()));
        }
    }

    private @Nullable ConnectionRequest next() {
        lock.lock();
        try {
            while (true) {
                if (queue.isEmptyNow()) {
                    granting = false;
                    return null;
                }
                long now = nanoTime.getAsLong();
                int most = limits.connections(now);
                open.resize(most);
                if (open.taken() >= most) {
                    resting.dismissOne(any -> true, now);
                    await(TimeUnit.SECONDS.toNanos(1));
                    continue;
                }
                Optional<ConnectionRequest> next =
                        queue.poll(client ->
                                open.mayTake(client) && limits.untilNextLogin(client, now) <= 0);
                if (next.isPresent()) {
                    open.add(next.get().client(), 1);
                    limits.login(next.get().client(), now);
                    grantedAt = now;
                    return next.get();
                }
                dismissForShares(now);
                await(untilNextLogin(now));
            }
        } finally {
            lock.unlock();
        }
    }

    private long untilNextLogin(long now) {
        long wait =
                queue.clients().stream()
                        .filter(open::mayTake)
                        .mapToLong(client -> limits.untilNextLogin(client, now))
                        .min()
                        .orElse(TimeUnit.SECONDS.toNanos(1));
        // Bounded, so that a changed limit and a test's clock are noticed.
        return Math.min(wait, TimeUnit.MILLISECONDS.toNanos(100));
    }

    private void await(long nanos) {
        try {
            long left = changed.awaitNanos(nanos);
            assert left <= nanos;
        } catch (InterruptedException e) {
            throw new IllegalStateException("this thread was interrupted", e);
        }
    }

    /** Waiting clients that have their share get a connection once one of theirs is closed. */
    private void dismissForShares(long now) {
        Set<UUID> waiting = queue.clients();
        Set<UUID> atShare = new HashSet<>(waiting);
        atShare.removeIf(open::mayTake);
        boolean found = atShare.isEmpty() || resting.dismissOne(atShare::contains, now);
        if (!found && atShare.size() == waiting.size()) {
            resting.dismissOne(any -> true, now);
        }
    }

    /** No thread uses the client's kept session from now on, until {@link #rouse}. */
    public void rest(UUID client, RestingSession watched) {
        locked(() -> resting.add(client, watched));
    }

    public void rouse(RestingSession watched) {
        locked(() -> resting.remove(watched));
    }

    boolean beginPush(UUID client) {
        lock.lock();
        try {
            pushing.resize(mostPushing());
            boolean free = pushing.mayTake(client);
            pushing.add(client, free ? 1 : 0);
            return free;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether a session of the client may go on waiting for push: the limit may have been lowered
     * meanwhile, or other clients have come.
     */
    boolean mayGoOnPushing(UUID client) {
        lock.lock();
        try {
            pushing.resize(mostPushing());
            return pushing.mayKeepAll(client);
        } finally {
            lock.unlock();
        }
    }

    private int mostPushing() {
        int most = limits.connections(nanoTime.getAsLong());
        return most == Integer.MAX_VALUE ? most : most - Math.max(1, most / 10);
    }

    void endPush(UUID client) {
        locked(() -> pushing.add(client, -1));
    }

    void closed(UUID client, boolean pushed) {
        locked(() -> {
            open.add(client, -1);
            resting.closed();
            pushing.add(client, pushed ? -1 : 0);
            changed.signal();
        });
    }

    /**
     * A check of the client succeeded: its rate of logins rises.
     *
     * @return whether the host was away before for it
     */
    public boolean worked(UUID client) {
        lock.lock();
        try {
            boolean wasAway = limits.worked(client, nanoTime.getAsLong());
            changed.signal();
            return wasAway;
        } finally {
            lock.unlock();
        }
    }

    /** A check of the client failed for a reason that lies in the host: its rate is halved. */
    public void failed(UUID client, FailureCode code) {
        locked(() -> limits.failed(client, code, open.taken(), nanoTime.getAsLong()));
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
                    open.taken(),
                    pushing.taken(),
                    queue.size(),
                    nanoTime.getAsLong() - usedAt);
        } finally {
            lock.unlock();
        }
    }
}
