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
import java.util.function.Supplier;
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
    private final PushLimit pushing;
    private long usedAt;
    private volatile long grantedAt;
    private boolean pushRefused;
    private long logins;
    private int failuresInRow;
    private @Nullable FailureCode lastFailure;
    private long failedAt;

    /** Limits that the known clients of this node share. */
    public MailHostLimiter(
            String name, HostLimits limits, KnownClients known, LongSupplier nanoTime) {
        this.name = name;
        this.open = new Shares(Integer.MAX_VALUE, known);
        this.pushing = new PushLimit(known);
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
        locked(() -> {
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
        });
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
                    logins++;
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
        return locked(() -> pushing.begin(client, connections()));
    }

    /**
     * Whether a session of the client may go on waiting for push: the limit may have been lowered
     * meanwhile, or other clients have come.
     */
    boolean mayGoOnPushing(UUID client) {
        return locked(() -> pushing.mayGoOn(client, connections()));
    }

    private int connections() {
        return limits.connections(nanoTime.getAsLong());
    }

    void endPush(UUID client) {
        locked(() -> pushing.end(client));
    }

    void closed(UUID client, boolean pushed) {
        locked(() -> {
            open.add(client, -1);
            resting.closed();
            if (pushed) {
                pushing.end(client);
            }
            changed.signal();
        });
    }

    /**
     * A check of the client succeeded: its rate of logins rises.
     *
     * @return whether the host was away before for it
     */
    public boolean worked(UUID client) {
        return locked(() -> {
            failuresInRow = 0;
            boolean wasAway = limits.worked(client, nanoTime.getAsLong());
            changed.signal();
            return wasAway;
        });
    }

    /** A check of the client failed for a reason that lies in the host: its rate is halved. */
    public void failed(UUID client, FailureCode code) {
        locked(() -> {
            long now = nanoTime.getAsLong();
            failuresInRow++;
            lastFailure = code;
            failedAt = now;
            limits.failed(client, code, open.taken(), now);
        });
    }

    /** Whether it was not known before that this host refuses push. */
    public boolean firstToRefusePush() {
        return locked(() -> {
            boolean first = !pushRefused;
            pushRefused = true;
            return first;
        });
    }

    private void locked(Runnable step) {
        lock.lock();
        try {
            step.run();
        } finally {
            lock.unlock();
        }
    }

    private <T> T locked(Supplier<T> step) {
        lock.lock();
        try {
            return step.get();
        } finally {
            lock.unlock();
        }
    }

    public HostStatus status() {
        return locked(() -> {
            long now = nanoTime.getAsLong();
            return new HostStatus(
                    name,
                    open.taken(),
                    pushing.count(),
                    queue.size(),
                    now - usedAt,
                    limits.connections(now),
                    logins,
                    failuresInRow,
                    lastFailure,
                    lastFailure == null ? 0 : now - failedAt);
        });
    }
}
