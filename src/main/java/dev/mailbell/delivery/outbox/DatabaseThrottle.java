package dev.mailbell.delivery.outbox;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Work on the database for webhooks that do not take what they are sent: one thread at a time, in
 * the order of their arrival. After it there is a rest of seven times as long as the work, 2 s at
 * most: an eighth of the time is worked, and more while a piece of work takes longer than 0.3 s.
 * Safe for many threads.
 */
public final class DatabaseThrottle {
    /** For each moment of work so many of rest. */
    private static final long REST = 7;

    private static final long LONGEST_REST = TimeUnit.SECONDS.toNanos(2);

    private final long longest;
    private final long rest;
    private final Semaphore turn = new Semaphore(1, true);
    private final CountDownLatch ended = new CountDownLatch(1);

    /** When the rest after the last work ends, by the monotonic clock; belongs to the turn. */
    private long restedAt = System.nanoTime();

    public DatabaseThrottle() {
        this(REST, LONGEST_REST);
    }

    /**
     * @param rest for each moment of work so many
     * @param longest nanoseconds of rest at the longest
     */
    DatabaseThrottle(long rest, long longest) {
        this.rest = rest;
        this.longest = longest;
    }

    /** Waits for its turn and the end of the rest, and works. */
    public <T> T run(Supplier<T> work) throws InterruptedException {
        turn.acquire();
        try {
            boolean hurried = ended.await(restedAt - System.nanoTime(), TimeUnit.NANOSECONDS);
            long begun = System.nanoTime();
            try {
                return work.get();
            } finally {
                long now = System.nanoTime();
                restedAt = hurried ? now : now + Math.min(rest * (now - begun), longest);
            }
        } finally {
            turn.release();
        }
    }

    /** From now on there is no rest: what is left is done as fast as it can be. */
    public void end() {
        ended.countDown();
    }
}
