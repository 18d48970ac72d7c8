package dev.mailbell.watch.schedule;

import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Timers in the order of their times, on a monotonic clock. Setting a timer replaces the time it
 * was set for before. Safe for many threads.
 *
 * @param <T> what a timer is for
 */
public final class TimerQueue<T> {

    /** A timer that is set or not. It is for one entry, and used with one queue. */
    public static final class Timer<T> {
        private final T entry;
        private long due;

        /** Rises with every change: what was queued for an older generation is outdated. */
        private long generation;

        private boolean scheduled;

        public Timer(T entry) {
            this.entry = entry;
        }
    }

    private record Queued<T>(long due, long generation, Timer<T> timer) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition sooner = lock.newCondition();
    private final LongSupplier nanoTime;
    private final PriorityQueue<Queued<T>> queue =
            new PriorityQueue<>((a, b) -> Long.signum(a.due - b.due));
    private int scheduled;

    public TimerQueue(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Sets the timer to so many nanoseconds from now. */
    public void schedule(Timer<T> timer, long inNanos) {
        lock.lock();
        try {
            timer.due = nanoTime.getAsLong() + inNanos;
            timer.generation++;
            scheduled += timer.scheduled ? 0 : 1;
            timer.scheduled = true;
            Queued<T> queued = new Queued<>(timer.due, timer.generation, timer);
            queue.add(queued);
            sweep();
            if (queue.peek() == queued) {
                sooner.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Clears the timer. */
    public void cancel(Timer<T> timer) {
        lock.lock();
        try {
            scheduled -= timer.scheduled ? 1 : 0;
            timer.scheduled = false;
            timer.generation++;
            sweep();
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many nanoseconds from now the timer is set to, negative when that is past; {@link
     * Long#MAX_VALUE} when it is not set.
     */
    public long dueIn(Timer<T> timer) {
        lock.lock();
        try {
            return timer.scheduled ? timer.due - nanoTime.getAsLong() : Long.MAX_VALUE;
        } finally {
            lock.unlock();
        }
    }

    /** The time to which the timer was set last, by the monotonic clock. */
    public long dueAt(Timer<T> timer) {
        lock.lock();
        try {
            return timer.due;
        } finally {
            lock.unlock();
        }
    }

    /**
     * How many nanoseconds from now the earliest timer is set to, negative when that is past; 0
     * when no timer is set.
     */
    public long untilFirst() {
        lock.lock();
        try {
            dropOutdated();
            Queued<T> first = queue.peek();
            return first == null ? 0 : first.due - nanoTime.getAsLong();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the earliest timer, clears it and returns its entry. */
    public T take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                dropOutdated();
                Queued<T> next = queue.peek();
                if (next == null) {
                    sooner.await();
                } else {
                    long wait = next.due - nanoTime.getAsLong();
                    if (wait <= 0) {
                        queue.poll();
                        next.timer.scheduled = false;
                        scheduled--;
                        return next.timer.entry;
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
        for (Queued<T> first = queue.peek();
                first != null && first.generation != first.timer.generation;
                first = queue.peek()) {
            queue.remove();
        }
    }

    /** How many timers are set. */
    public int size() {
        lock.lock();
        try {
            return scheduled;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Outdated entries are normally dropped when they come first; when they outnumber the others
     * they are dropped at once.
     */
    private void sweep() {
        if (queue.size() > 1024 && queue.size() > scheduled * 2) {
            queue.removeIf(queued -> queued.generation != queued.timer.generation);
        }
    }
}
