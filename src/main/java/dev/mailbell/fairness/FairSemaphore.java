package dev.mailbell.fairness;

import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A semaphore whose waiting threads get their permits by turns of their clients. Safe for many
 * threads.
 */
public final class FairSemaphore {
    private final ReentrantLock lock = new ReentrantLock();
    private final Turns<Waiter> waiting = new Turns<>();
    private int free;

    /** A thread that waits. */
    private static final class Waiter {
        private final Condition granted;
        private boolean isGranted;

        Waiter(Condition granted) {
            this.granted = granted;
        }
    }

    public FairSemaphore(int permits) {
        this.free = permits;
    }

    /** Waits for a permit. */
    public void acquire(UUID client) throws InterruptedException {
        boolean acquired = tryAcquire(client, Long.MAX_VALUE);
        assert acquired;
    }

    /**
     * Waits for a permit.
     *
     * @return false when the time is over first
     */
    public boolean tryAcquire(UUID client, long nanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (free > 0 && waiting.isEmpty()) {
                free--;
                return true;
            }
            Waiter waiter = new Waiter(lock.newCondition());
            waiting.add(client, waiter);
            try {
                long left = nanos;
                while (!waiter.isGranted && left > 0) {
                    left = waiter.granted.awaitNanos(left);
                }
            } catch (InterruptedException e) {
                giveUp(client, waiter);
                throw e;
            }
            if (!waiter.isGranted) {
                waiting.remove(client, waiter);
            }
            return waiter.isGranted;
        } finally {
            lock.unlock();
        }
    }

    private void giveUp(UUID client, Waiter waiter) {
        if (waiter.isGranted) {
            grantOrFree();
        } else {
            waiting.remove(client, waiter);
        }
    }

    public void release() {
        lock.lock();
        try {
            grantOrFree();
        } finally {
            lock.unlock();
        }
    }

    private void grantOrFree() {
        Optional<Waiter> next = waiting.poll();
        if (next.isPresent()) {
            next.get().isGranted = true;
            next.get().granted.signal();
        } else {
            free++;
        }
    }

    /** How many threads wait. */
    public int waiting() {
        lock.lock();
        try {
            return waiting.size();
        } finally {
            lock.unlock();
        }
    }
}
