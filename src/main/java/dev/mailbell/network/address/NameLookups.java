package dev.mailbell.network.address;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.fairness.Shares;
import dev.mailbell.fairness.Turns;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks names up on platform threads, because the system's resolver pins the carrier of a virtual
 * thread until the name server answers. One lookup serves all callers that ask for the same name
 * meanwhile. So that silent name servers do not delay other names, a lookup that lasts longer than
 * 1 s no longer counts against the thread limit, names that failed before share a quarter of the
 * threads, and names that resolved before have an eighth of their own. Clients share the queue and
 * the threads, and take turns.
 */
final class NameLookups implements AutoCloseable {
    /** A lookup is slow after this time. */
    private static final long SLOW = TimeUnit.SECONDS.toNanos(1);

    /** A caller that waited this long without an answer marks the name as failed. */
    private static final Duration SLOW_CALLER = Duration.ofSeconds(5);

    /** How often a waiting caller checks whether lookups have become slow and others may begin. */
    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);

    /** Slow lookups included, at most this many times the thread limit runs at once. */
    private static final int MAX_THREADS_FACTOR = 4;

    private static final int FAILED_DIVISOR = 4;
    private static final int RESOLVED_DIVISOR = 8;

    private final Resolver resolver;
    private final int threads;
    private final LongSupplier nanoTime;
    private final Duration slowCaller;
    private final LookupCache cache;
    private final ThreadPoolExecutor executor;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, PendingLookup> pending = new HashMap<>();
    private final Map<LookupCache.LastResult, Turns<PendingLookup>> queues =
            new EnumMap<>(LookupCache.LastResult.class);
    private final Set<PendingLookup> running = new LinkedHashSet<>();

    /** Of {@link #running} those that are not slow yet, the oldest first. */
    private final SequencedSet<PendingLookup> fast = new LinkedHashSet<>();

    private final Shares runningShares;
    private final Shares fastShares;
    private final Shares queued;
    private boolean closed;

    /**
     * @param threads how many lookups that are not slow run at once
     * @param maxQueued how many names wait for a thread at most
     */
    NameLookups(Resolver resolver, int threads, int maxQueued) {
        this(resolver, threads, maxQueued, System::nanoTime, SLOW_CALLER);
    }

    /**
     * The same with another monotonic clock, for tests.
     *
     * @param slowCaller how long a caller waits without an answer that marks the name as failed
     */
    NameLookups(
            Resolver resolver,
            int threads,
            int maxQueued,
            LongSupplier nanoTime,
            Duration slowCaller) {
        this.resolver = resolver;
        this.slowCaller = slowCaller;
        this.threads = threads;
        this.nanoTime = nanoTime;
        this.runningShares = new Shares(MAX_THREADS_FACTOR * threads);
        this.fastShares = new Shares(threads);
        this.queued = new Shares(maxQueued);
        this.cache = new LookupCache(nanoTime);
        this.executor =
                new ThreadPoolExecutor(
                        0,
                        // Bounded by the lookups that are running.
                        Integer.MAX_VALUE,
                        30,
                        TimeUnit.SECONDS,
                        new SynchronousQueue<>(),
                        Thread.ofPlatform().daemon().name("mailbell-dns-", 1).factory());
        for (LookupCache.LastResult lastResult : LookupCache.LastResult.values()) {
            queues.put(lastResult, new Turns<>());
        }
    }

    /**
     * @throws UnknownHostException when the name has no address
     * @throws SocketTimeoutException when the name server did not answer by the deadline, or did
     *     not answer a moment ago
     * @throws LookupsBusyException when too many lookups wait already
     */
    List<InetAddress> lookup(String name, Deadline deadline) throws IOException {
        PendingLookup lookup;
        lock.lock();
        try {
            cache.throwIfFailed(name);
            lookup = joinOrQueue(name, deadline);
            dispatch();
        } finally {
            lock.unlock();
        }
        return await(lookup, deadline);
    }

    private PendingLookup joinOrQueue(String name, Deadline deadline) throws LookupsBusyException {
        PendingLookup present = pending.get(name);
        if (present != null) {
            present.extend(deadline);
            return present;
        }
        dispatch();
        LookupCache.LastResult lastResult = cache.lastResult(name);
        UUID client = ActingClient.current();
        PendingLookup lookup = new PendingLookup(name, client, lastResult, deadline);
        if (closed || (!queued.mayTake(client) && !mayRun(client, lastResult))) {
            throw new LookupsBusyException(name);
        }
        pending.put(name, lookup);
        queue(lastResult).add(client, lookup);
        queued.add(client, 1);
        return lookup;
    }

    private Turns<PendingLookup> queue(LookupCache.LastResult lastResult) {
        return queues.getOrDefault(lastResult, new Turns<>());
    }

    /** Begins queued lookups while threads are free. Guarded by the lock. */
    private void dispatch() {
        markSlow();
        for (LookupCache.LastResult lastResult : LookupCache.LastResult.values()) {
            for (Optional<PendingLookup> next = next(lastResult);
                    next.isPresent();
                    next = next(lastResult)) {
                PendingLookup lookup = next.get();
                queued.add(lookup.client(), -1);
                if (lookup.isAbandoned()) {
                    pending.remove(lookup.name());
                    lookup.giveUp();
                } else {
                    running.add(lookup);
                    fast.add(lookup);
                    runningShares.add(lookup.client(), 1);
                    fastShares.add(lookup.client(), 1);
                    lookup.begin(nanoTime.getAsLong());
                    executor.execute(() -> run(lookup));
                }
            }
        }
    }

    private Optional<PendingLookup> next(LookupCache.LastResult lastResult) {
        return queue(lastResult).poll(client -> mayRun(client, lastResult), any -> true);
    }

    private void markSlow() {
        long now = nanoTime.getAsLong();
        while (!fast.isEmpty() && now - fast.getFirst().begunAt() >= SLOW) {
            fastShares.add(fast.removeFirst().client(), -1);
        }
    }

    private boolean mayRun(UUID client, LookupCache.LastResult lastResult) {
        boolean hasFreeThread = fastShares.mayTake(client) && runningShares.mayTake(client);
        return switch (lastResult) {
            case RESOLVED -> hasFreeThread || hasThreadForResolved();
            case UNKNOWN -> hasFreeThread;
            case FAILED ->
                    hasFreeThread
                            && count(running, lastResult) < Math.max(1, threads / FAILED_DIVISOR);
        };
    }

    private boolean hasThreadForResolved() {
        return threads >= RESOLVED_DIVISOR
                && running.size() < 2 * MAX_THREADS_FACTOR * threads
                && count(fast, LookupCache.LastResult.RESOLVED) < threads / RESOLVED_DIVISOR;
    }

    private static long count(Set<PendingLookup> lookups, LookupCache.LastResult lastResult) {
        return lookups.stream().filter(lookup -> lookup.lastResult() == lastResult).count();
    }

    private void run(PendingLookup lookup) {
        try {
            List<InetAddress> found = resolver.lookup(lookup.name());
            ended(lookup, null);
            lookup.complete(found);
        } catch (UnknownHostException | RuntimeException e) {
            ended(lookup, e);
            lookup.fail(e);
        } catch (Error e) {
            ended(lookup, e);
            lookup.fail(e);
            throw e;
        }
    }

    private void ended(PendingLookup lookup, @Nullable Throwable failure) {
        lock.lock();
        try {
            running.remove(lookup);
            runningShares.add(lookup.client(), -1);
            if (fast.remove(lookup)) {
                fastShares.add(lookup.client(), -1);
            }
            pending.remove(lookup.name(), lookup);
            if (failure == null) {
                cache.resolved(lookup.name());
            } else if (nanoTime.getAsLong() - lookup.begunAt() >= SLOW) {
                // A fast failure costs no thread, and the name may resolve at any moment. Java
                // remembers it for 10 s, so that many callers cost one lookup.
                cache.failed(lookup.name(), "has no address");
            }
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    private List<InetAddress> await(PendingLookup lookup, Deadline deadline) throws IOException {
        Deadline longWait = Deadline.after(slowCaller);
        while (!lookup.isDone(deadline.atMost(POLL_INTERVAL))) {
            if (deadline.isPast()) {
                recordTimeout(lookup, longWait.isPast());
                throw lookup.timedOut();
            }
            lock.lock();
            try {
                dispatch();
            } finally {
                lock.unlock();
            }
        }
        return lookup.answer();
    }

    private void recordTimeout(PendingLookup lookup, boolean waitedLong) {
        lock.lock();
        try {
            boolean hangs =
                    running.contains(lookup)
                            && nanoTime.getAsLong() - lookup.begunAt() >= slowCaller.toNanos();
            if (waitedLong && hangs) {
                cache.failed(lookup.name(), "was not resolved in time");
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            for (Turns<PendingLookup> queue : queues.values()) {
                for (PendingLookup lookup : queue.drain()) {
                    queued.add(lookup.client(), -1);
                    lookup.giveUp();
                }
            }
        } finally {
            lock.unlock();
        }
        executor.shutdownNow();
    }
}
