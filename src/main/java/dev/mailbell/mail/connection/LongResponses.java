package dev.mailbell.mail.connection;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets the connections whose servers send much take turns. A virtual thread that parses octets
 * which have arrived already never blocks, and so keeps a core; without turns a few servers that
 * flood keep all cores from the checks that need a millisecond.
 *
 * <p>The first {@link #FREE} octets of a check cost no turn. From then on a connection has a turn
 * from the end of a read to the beginning of the next one, or to {@link Turn#end}; there are turns
 * for half of the cores, and three quarters of a turn nothing is parsed. Behind {@link #USUAL}
 * octets there is one turn in all, and seven eighths of it nothing is parsed.
 */
final class LongResponses {
    static final int FREE = 64 << 10;

    /** A listing of 100,000 messages has fewer. */
    static final int USUAL = 4 << 20;

    /** A connection that has parsed rests so many times as long, and keeps its turn meanwhile. */
    private static final int REST = 3;

    /** The same behind {@link #USUAL} octets. */
    private static final int SLOW_REST = 7;

    private static final long LONGEST_REST = Duration.ofMillis(20).toNanos();

    private final Semaphore usual;
    private final Semaphore slow = new Semaphore(1, true);
    private final LongSupplier nanoTime;

    /**
     * @param cores of this machine
     */
    LongResponses(int cores, LongSupplier nanoTime) {
        this.usual = new Semaphore(Math.max(1, cores / 2), true);
        this.nanoTime = nanoTime;
    }

    /** The turns of one connection. */
    Turn turn() {
        return new Turn();
    }

    /** For the thread that reads; {@link #end} is for any. */
    final class Turn {
        private final AtomicReference<@Nullable Semaphore> held = new AtomicReference<>();
        private long octets;
        private long begun;

        /** A check begins. */
        void restart() {
            end();
            octets = 0;
        }

        /**
         * Octets were read and are parsed next.
         *
         * @return false when no turn came by the deadline
         */
        boolean begin(int read, Deadline deadline) throws IOException {
            octets += read;
            if (octets <= FREE) {
                return true;
            }
            Semaphore turns = octets <= USUAL ? usual : slow;
            try {
                if (!turns.tryAcquire(deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while an answer was read");
            }
            begun = nanoTime.getAsLong();
            held.set(turns);
            return true;
        }

        /** The next octets are read; before that the thread lets others run. */
        void pause() {
            Semaphore turns = held.get();
            if (turns != null) {
                long parsed = nanoTime.getAsLong() - begun;
                LockSupport.parkNanos(
                        Math.min(LONGEST_REST, parsed * (turns == slow ? SLOW_REST : REST)));
            }
            end();
        }

        /** What was read is parsed, or not needed any more. */
        void end() {
            Semaphore turns = held.getAndSet(null);
            if (turns != null) {
                turns.release();
            }
        }
    }
}
