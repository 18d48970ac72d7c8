package dev.mailbell.fairness;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A bounded queue between threads. Clients share its capacity, and their elements come out in
 * turns. Safe for many threads.
 *
 * @param <T> the elements; a client adds each once
 */
public final class FairQueue<T> {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition added = lock.newCondition();
    private final Condition taken = lock.newCondition();
    private final Turns<T> elements = new Turns<>();
    private final Shares capacity;

    public FairQueue(int capacity) {
        this.capacity = new Shares(capacity);
    }

    /**
     * Adds an element; waits while the client has no capacity left.
     *
     * @return false when the time is over first
     */
    public boolean offer(UUID client, T element, long nanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = nanos;
            while (!capacity.mayTake(client)) {
                if (left <= 0) {
                    return false;
                }
                left = taken.awaitNanos(left);
            }
            if (elements.add(client, element)) {
                capacity.add(client, 1);
            }
            added.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes elements; waits for the first one.
     *
     * @param into gets them
     * @param most how many are taken at most
     * @return false when the time is over before there is one
     */
    public boolean drainTo(List<T> into, int most, long nanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = nanos;
            while (elements.isEmpty()) {
                if (left <= 0) {
                    return false;
                }
                left = added.awaitNanos(left);
            }
            for (int i = 0; i < most; i++) {
                Optional<Turns.Turn<T>> next = elements.pollTurn(any -> true, any -> true);
                if (next.isEmpty()) {
                    break;
                }
                capacity.add(next.get().client(), -1);
                into.add(next.get().element());
            }
            taken.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    public int size() {
        lock.lock();
        try {
            return elements.size();
        } finally {
            lock.unlock();
        }
    }
}
