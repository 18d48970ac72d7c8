package dev.mailbell.mail;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Lets the connections whose servers send much take turns. A virtual thread that parses octets which
 * have arrived already never blocks, and so keeps a core; without turns a few servers that flood
 * keep all cores from the checks that need a millisecond.
 *
 * <p>What a check reads first costs no turn. From then on a connection has a turn from the end of a
 * read to the beginning of the next one, or to {@link Turn#end}. Half of the cores have turns.
 */
final class LongAnswers {
    /** The octets of a check that cost no turn. */
    static final int FREE = 64 << 10;

    /** After so many more octets the thread lets others run even where no other wants a turn. */
    private static final int SLICE = 16 << 10;

    private final Semaphore turns;

    /**
     * @param cores of this machine
     */
    LongAnswers(int cores) {
        turns = new Semaphore(Math.max(1, cores / 2), true);
    }

    /** The turns of one connection. */
    Turn turn() {
        return new Turn();
    }

    /** For the thread that reads; {@link #end} is for any. */
    final class Turn {
        private final AtomicBoolean held = new AtomicBoolean();
        private long octets;
        private long sliceEnd = SLICE;

        /** A check begins. */
        void restart() {
            end();
            octets = 0;
            sliceEnd = SLICE;
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
            if (octets >= sliceEnd) {
                sliceEnd = octets + SLICE;
                Thread.yield();
            }
            try {
                boolean taken =
                        turns.tryAcquire(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
                held.set(taken);
                return taken;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while an answer was read");
            }
        }

        /** What was read is parsed, or not needed any more. */
        void end() {
            if (held.getAndSet(false)) {
                turns.release();
            }
        }
    }
}
