package dev.mailbell.network.address;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 * threads, and names that resolved before have an eighth of their own.
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
    private final int maxQueued;
    private final LongSupplier nanoTime;
    private final LookupCache cache;
    private final ThreadPoolExecutor executor;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, PendingLookup> pending = new HashMap<>();
    private final Map<LookupCache.LastResult, Deque<PendingLookup>> queues =
            new EnumMap<>(LookupCache.LastResult.class);
    private final Set<PendingLookup> running = new LinkedHashSet<>();
    private int queued;
    private boolean closed;

    /**
     * @param threads how many lookups that are not slow run at once
     * @param maxQueued how many names wait for a thread at most
     */
    NameLookups(Resolver resolver, int threads, int maxQueued) {
        this(resolver, threads, maxQueued, System::nanoTime);
    }

    /** The same with another monotonic clock, for tests. */
    NameLookups(Resolver resolver, int threads, int maxQueued, LongSupplier nanoTime) {
        this.resolver = resolver;
        this.threads = threads;
        this.maxQueued = maxQueued;
        this.nanoTime = nanoTime;
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
            queues.put(lastResult, new ArrayDeque<>());
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
        if (closed || queued >= maxQueued && !mayRun(lastResult)) {
            throw new LookupsBusyException(name);
        }
        PendingLookup lookup = new PendingLookup(name, lastResult, deadline);
        pending.put(name, lookup);
        queue(lastResult).add(lookup);
        queued++;
        return lookup;
    }

    private Deque<PendingLookup> queue(LookupCache.LastResult lastResult) {
        return queues.getOrDefault(lastResult, new ArrayDeque<>());
    }

    /** Begins queued lookups while threads are free. Guarded by the lock. */
    private void dispatch() {
        for (Deque<PendingLookup> queue : queues.values()) {
            while (!queue.isEmpty() && mayRun(queue.element().lastResult())) {
                PendingLookup lookup = queue.remove();
                queued--;
                if (lookup.isAbandoned()) {
                    pending.remove(lookup.name());
                    lookup.giveUp();
                } else {
                    running.add(lookup);
                    lookup.begin(nanoTime.getAsLong());
                    executor.execute(() -> run(lookup));
                }
            }
        }
    }

    private boolean mayRun(LookupCache.LastResult lastResult) {
        long now = nanoTime.getAsLong();
        int fast = 0;
        int sameKind = 0;
        for (PendingLookup lookup : running) {
            boolean isSameKind = lookup.lastResult() == lastResult;
            boolean isFast = now - lookup.begunAt() < SLOW;
            fast += isFast ? 1 : 0;
            sameKind +=
                    isSameKind && (isFast || lastResult == LookupCache.LastResult.FAILED) ? 1 : 0;
        }
        boolean hasFreeThread = fast < threads && running.size() < MAX_THREADS_FACTOR * threads;
        return switch (lastResult) {
            case RESOLVED ->
                    hasFreeThread
                            || sameKind < Math.max(1, threads / RESOLVED_DIVISOR)
                                    && running.size() < 2 * MAX_THREADS_FACTOR * threads
                                    && threads >= RESOLVED_DIVISOR;
            case UNKNOWN -> hasFreeThread;
            case FAILED -> hasFreeThread && sameKind < Math.max(1, threads / FAILED_DIVISOR);
        };
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
            pending.remove(lookup.name(), lookup);
            if (failure == null) {
                cache.resolved(lookup.name());
            } else if (nanoTime.getAsLong() - lookup.begunAt() >= SLOW) {
                // A fast failure costs no thread, and the name may resolve at any moment.
                cache.failed(lookup.name(), "has no address");
            }
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    private List<InetAddress> await(PendingLookup lookup, Deadline deadline) throws IOException {
        Deadline longWait = Deadline.after(SLOW_CALLER);
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
                            && nanoTime.getAsLong() - lookup.begunAt() >= SLOW_CALLER.toNanos();
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
            for (Deque<PendingLookup> queue : queues.values()) {
                queue.forEach(PendingLookup::giveUp);
                queue.clear();
            }
            queued = 0;
        } finally {
            lock.unlock();
        }
        executor.shutdownNow();
    }
}
