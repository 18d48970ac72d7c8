package dev.mailbell.delivery.outbox;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.fairness.FairSemaphore;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Limits the work on the database for webhooks that do not take their deliveries. One thread works
 * at a time; the clients that wait take turns. After each piece of work there is a rest of seven
 * times its duration, 2 s at most: so the work takes an eighth of the time, and more only while a
 * piece takes longer than 0.3 s. There is no rest during a {@linkplain #hurry hurry}. Safe for many
 * threads.
 */
public final class DatabaseThrottle {
    /** The rest after a piece of work, as a multiple of its duration. */
    private static final long REST_FACTOR = 7;

    private static final long MAX_REST = TimeUnit.SECONDS.toNanos(2);

    private final long restFactor;
    private final long maxRest;
    private final FairSemaphore permit = new FairSemaphore(1);
    private final Lock lock = new ReentrantLock();
    private final Condition hurried = lock.newCondition();

    /** How many hurries there are; guarded by the lock. */
    private int hurries;

    /** When the last rest ends, by the monotonic clock; guarded by the permit. */
    private long restEnds = System.nanoTime();

    public DatabaseThrottle() {
        this(REST_FACTOR, MAX_REST);
    }

    /**
     * @param restFactor the rest after a piece of work, as a multiple of its duration
     * @param maxRest the longest rest, in nanoseconds
     */
    DatabaseThrottle(long restFactor, long maxRest) {
        this.restFactor = restFactor;
        this.maxRest = maxRest;
    }

    /** Waits for the permit and the end of the rest, then runs work that is not for one client. */
    public <T> T run(Supplier<T> work) throws InterruptedException {
        return run(ActingClient.NODE, work);
    }

    /** Waits for the permit and the end of the rest, then runs the work for the client. */
    public <T> T run(UUID client, Supplier<T> work) throws InterruptedException {
        permit.acquire(client);
        try {
            boolean inHurry = rest();
            long begun = System.nanoTime();
            try {
                return work.get();
            } finally {
                long now = System.nanoTime();
                restEnds = inHurry ? now : now + Math.min(restFactor * (now - begun), maxRest);
            }
        } finally {
            permit.release();
        }
    }

    /** Waits until the rest ends; answers whether it was cut short. */
    private boolean rest() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = restEnds - System.nanoTime();
            while (hurries == 0 && left > 0) {
                left = hurried.awaitNanos(left);
            }
            return hurries > 0;
        } finally {
            lock.unlock();
        }
    }

    /** A time without rests. */
    public interface Hurry extends AutoCloseable {
        @Override
        void close();
    }

    /** Begins a time without rests, until the answer is closed. */
    public Hurry hurry() {
        lock.lock();
        try {
            hurries++;
            hurried.signalAll();
        } finally {
            lock.unlock();
        }
        return () -> {
            lock.lock();
            try {
                hurries--;
            } finally {
                lock.unlock();
            }
        };
    }

    /** How many threads wait. */
    int waiting() {
        return permit.waiting();
    }

    /** From now on there is no rest: the work that is left runs at full speed. */
    public void end() {
        Hurry _ = hurry();
    }
}
