package dev.mailbell.watch.schedule;

import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * When each entry is due, on the monotonic clock. An entry has one time at most; giving it another
 * replaces the one before. Safe for many threads.
 *
 * @param <T> what is due; compared by identity
 */
public final class TimerQueue<T> {

    /** One entry's place in the table; made once for each entry. */
    public static final class Slot<T> {
        private final T entry;
        private long due;

        /**
         * Rises with every change, so that an outdated line in the queue is known when it is met.
         */
        private long generation;

        private boolean scheduled;

        public Slot(T entry) {
            this.entry = entry;
        }
    }

    private record Line<T>(long due, long generation, Slot<T> slot) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition sooner = lock.newCondition();
    private final LongSupplier nanoTime;
    private final PriorityQueue<Line<T>> lines =
            new PriorityQueue<>((a, b) -> Long.signum(a.due - b.due));
    private int scheduled;

    public TimerQueue(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Makes the entry due so many nanoseconds from now. */
    public void schedule(Slot<T> slot, long inNanos) {
        lock.lock();
        try {
            slot.due = nanoTime.getAsLong() + inNanos;
            slot.generation++;
            scheduled += slot.scheduled ? 0 : 1;
            slot.scheduled = true;
            Line<T> line = new Line<>(slot.due, slot.generation, slot);
            lines.add(line);
            sweep();
            if (lines.peek() == line) {
                sooner.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes the entry out. */
    public void cancel(Slot<T> slot) {
        lock.lock();
        try {
            scheduled -= slot.scheduled ? 1 : 0;
            slot.scheduled = false;
            slot.generation++;
            sweep();
        } finally {
            lock.unlock();
        }
    }

    /**
     * In how many nanoseconds the entry is due, negative when overdue; {@link Long#MAX_VALUE} when
     * it has no time.
     */
    public long dueIn(Slot<T> slot) {
        lock.lock();
        try {
            return slot.scheduled ? slot.due - nanoTime.getAsLong() : Long.MAX_VALUE;
        } finally {
            lock.unlock();
        }
    }

    /** When the entry was due that was taken out last, or is due. */
    public long wasDue(Slot<T> slot) {
        lock.lock();
        try {
            return slot.due;
        } finally {
            lock.unlock();
        }
    }

    /**
     * In how many nanoseconds the first entry is due, negative when overdue; 0 when there is none.
     */
    public long untilFirst() {
        lock.lock();
        try {
            dropOutdated();
            Line<T> first = lines.peek();
            return first == null ? 0 : first.due - nanoTime.getAsLong();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next entry that is due and takes it out. */
    public T take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                dropOutdated();
                Line<T> next = lines.peek();
                if (next == null) {
                    sooner.await();
                } else {
                    long wait = next.due - nanoTime.getAsLong();
                    if (wait <= 0) {
                        lines.poll();
                        next.slot.scheduled = false;
                        scheduled--;
                        return next.slot.entry;
                    }
                    // Bounded, so that a stepped clock in a test is noticed.
                    sooner.await(
                            Math.min(wait, TimeUnit.MILLISECONDS.toNanos(100)),
                            TimeUnit.NANOSECONDS);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void dropOutdated() {
        for (Line<T> first = lines.peek();
                first != null && first.generation != first.slot.generation;
                first = lines.peek()) {
            lines.remove();
        }
    }

    public int size() {
        lock.lock();
        try {
            return scheduled;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Outdated lines are normally dropped when they are met; when they outnumber the others they go
     * at once.
     */
    private void sweep() {
        if (lines.size() > 1024 && lines.size() > scheduled * 2) {
            lines.removeIf(line -> line.generation != line.slot.generation);
        }
    }
}
