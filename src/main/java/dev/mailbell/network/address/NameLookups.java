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
 * Looks names up on platform threads, because the system's resolver holds the carrier of a virtual
 * thread for as long as a name server keeps silent. One lookup serves all callers that ask for the
 * same name meanwhile. A lookup that lasts longer than a second no longer counts against the
 * threads of the others, names that failed have few threads among them, and names that resolved
 * before have threads of their own; so names whose servers are silent do not delay other names.
 */
final class NameLookups implements AutoCloseable {
    /** A lookup that lasts so long is slow. */
    private static final long SLOW = TimeUnit.SECONDS.toNanos(1);

    /** A caller that waited so long in vain makes the name one that failed. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** How often a waiting caller sees whether lookups have become slow. */
    private static final Duration STEP = Duration.ofMillis(100);

    /** So many times the threads are in use at most, with those of slow lookups. */
    private static final int SLOW_SHARE = 4;

    private static final int FAILED_SHARE = 4;
    private static final int RESOLVED_SHARE = 8;

    private final Resolver resolver;
    private final int threads;
    private final int waiting;
    private final LongSupplier nanoTime;
    private final LookupCache memory;
    private final ThreadPoolExecutor executor;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, PendingLookup> flights = new HashMap<>();
    private final Map<LookupCache.Standing, Deque<PendingLookup>> queues =
            new EnumMap<>(LookupCache.Standing.class);
    private final Set<PendingLookup> running = new LinkedHashSet<>();
    private int queued;
    private boolean closed;

    /**
     * @param threads how many lookups run at once that are not slow
     * @param waiting how many names wait at most
     */
    NameLookups(Resolver resolver, int threads, int waiting) {
        this(resolver, threads, waiting, System::nanoTime);
    }

    /** The same with another monotonic clock, for tests. */
    NameLookups(Resolver resolver, int threads, int waiting, LongSupplier nanoTime) {
        this.resolver = resolver;
        this.threads = threads;
        this.waiting = waiting;
        this.nanoTime = nanoTime;
        this.memory = new LookupCache(nanoTime);
        this.executor =
                new ThreadPoolExecutor(
                        0,
                        // Bounded by the lookups that are running.
                        Integer.MAX_VALUE,
                        30,
                        TimeUnit.SECONDS,
                        new SynchronousQueue<>(),
                        Thread.ofPlatform().daemon().name("mailbell-dns-", 1).factory());
        for (LookupCache.Standing standing : LookupCache.Standing.values()) {
            queues.put(standing, new ArrayDeque<>());
        }
    }

    /**
     * @throws UnknownHostException when the name has no address
     * @throws SocketTimeoutException when the name server did not answer by the deadline, or did
     *     not answer a moment ago
     * @throws LookupsBusyException when too many lookups wait already
     */
    List<InetAddress> lookup(String name, Deadline deadline) throws IOException {
        PendingLookup flight;
        lock.lock();
        try {
            memory.throwIfFailed(name);
            flight = join(name, deadline);
            dispatch();
        } finally {
            lock.unlock();
        }
        return await(flight, deadline);
    }

    private PendingLookup join(String name, Deadline deadline) throws LookupsBusyException {
        PendingLookup present = flights.get(name);
        if (present != null) {
            present.extend(deadline);
            return present;
        }
        dispatch();
        LookupCache.Standing standing = memory.standing(name);
        if (closed || queued >= waiting && !mayRun(standing)) {
            throw new LookupsBusyException(name);
        }
        PendingLookup flight = new PendingLookup(name, standing, deadline);
        flights.put(name, flight);
        queue(standing).add(flight);
        queued++;
        return flight;
    }

    private Deque<PendingLookup> queue(LookupCache.Standing standing) {
        return queues.getOrDefault(standing, new ArrayDeque<>());
    }

    /** Begins the lookups that wait, as far as there are threads for them. Guarded by the lock. */
    private void dispatch() {
        for (Deque<PendingLookup> queue : queues.values()) {
            while (!queue.isEmpty() && mayRun(queue.element().standing())) {
                PendingLookup flight = queue.remove();
                queued--;
                if (flight.isAbandoned()) {
                    flights.remove(flight.name());
                    flight.giveUp();
                } else {
                    running.add(flight);
                    flight.begin(nanoTime.getAsLong());
                    executor.execute(() -> run(flight));
                }
            }
        }
    }

    private boolean mayRun(LookupCache.Standing standing) {
        long now = nanoTime.getAsLong();
        int quick = 0;
        int same = 0;
        for (PendingLookup flight : running) {
            boolean isSame = flight.standing() == standing;
            boolean isQuick = now - flight.begunAt() < SLOW;
            quick += isQuick ? 1 : 0;
            same += isSame && (isQuick || standing == LookupCache.Standing.FAILED) ? 1 : 0;
        }
        boolean room = quick < threads && running.size() < SLOW_SHARE * threads;
        return switch (standing) {
            case RESOLVED ->
                    room
                            || same < Math.max(1, threads / RESOLVED_SHARE)
                                    && running.size() < 2 * SLOW_SHARE * threads
                                    && threads >= RESOLVED_SHARE;
            case UNKNOWN -> room;
            case FAILED -> room && same < Math.max(1, threads / FAILED_SHARE);
        };
    }

    private void run(PendingLookup flight) {
        try {
            List<InetAddress> found = resolver.lookup(flight.name());
            landed(flight, null);
            flight.complete(found);
        } catch (UnknownHostException | RuntimeException e) {
            landed(flight, e);
            flight.fail(e);
        } catch (Error e) {
            landed(flight, e);
            flight.fail(e);
            throw e;
        }
    }

    private void landed(PendingLookup flight, @Nullable Throwable failure) {
        lock.lock();
        try {
            running.remove(flight);
            flights.remove(flight.name(), flight);
            if (failure == null) {
                memory.resolved(flight.name());
            } else if (nanoTime.getAsLong() - flight.begunAt() >= SLOW) {
                // What fails quickly costs nothing, and may be mended at any moment.
                memory.failed(flight.name(), "has no address");
            }
            dispatch();
        } finally {
            lock.unlock();
        }
    }

    private List<InetAddress> await(PendingLookup flight, Deadline deadline) throws IOException {
        Deadline patience = Deadline.after(PATIENCE);
        while (!flight.isDone(deadline.atMost(STEP))) {
            if (deadline.isPast()) {
                givenUp(flight, patience.isPast());
                throw flight.timedOut();
            }
            lock.lock();
            try {
                dispatch();
            } finally {
                lock.unlock();
            }
        }
        return flight.answer();
    }

    private void givenUp(PendingLookup flight, boolean patient) {
        lock.lock();
        try {
            boolean hangs =
                    running.contains(flight)
                            && nanoTime.getAsLong() - flight.begunAt() >= PATIENCE.toNanos();
            if (patient && hangs) {
                memory.failed(flight.name(), "was not resolved in time");
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
