package dev.mailbell.mail.connection;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.fairness.FairSemaphore;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits how many connections parse long responses at the same time. A virtual thread that parses
 * octets which have already arrived never blocks and occupies a core; without a limit a few
 * flooding servers would occupy all cores.
 *
 * <p>The first {@link #FREE} octets of a check need no permit. From then on a connection holds a
 * permit from the end of a read to the beginning of the next one, or to {@link Permit#end}. There
 * are permits for half of the cores, and the thread sleeps for three quarters of the time. After
 * {@link #USUAL} octets there is a single permit for all connections, and the thread sleeps for
 * seven eighths of the time. The clients whose connections wait take turns.
 */
final class LongResponses {
    static final int FREE = 64 << 10;

    /** More octets than a listing of 100,000 messages. */
    static final int USUAL = 4 << 20;

    /** How many times as long as it has parsed a thread sleeps, with its permit. */
    private static final int REST = 3;

    /** The same after {@link #USUAL} octets. */
    private static final int SLOW_REST = 7;

    private static final long LONGEST_REST = Duration.ofMillis(20).toNanos();

    private final FairSemaphore usual;
    private final FairSemaphore slow = new FairSemaphore(1);
    private final LongSupplier nanoTime;

    /**
     * @param cores the number of cores of this machine
     */
    LongResponses(int cores, LongSupplier nanoTime) {
        this.usual = new FairSemaphore(Math.max(1, cores / 2));
        this.nanoTime = nanoTime;
    }

    /** The permit of one connection. */
    Permit permit() {
        return new Permit();
    }

    /** Used by the reading thread; {@link #end} may be called by any thread. */
    final class Permit {
        private final AtomicReference<@Nullable FairSemaphore> held = new AtomicReference<>();
        private long octets;
        private long begun;

        /** Begins a check. */
        void restart() {
            end();
            octets = 0;
        }

        /**
         * Called after octets were read, before they are parsed.
         *
         * @return false if there was no permit by the deadline
         */
        boolean begin(int read, Deadline deadline) throws IOException {
            octets += read;
            if (octets <= FREE) {
                return true;
            }
            FairSemaphore permits = octets <= USUAL ? usual : slow;
            try {
                if (!permits.tryAcquire(ActingClient.current(), deadline.remainingNanos())) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while an answer was read");
            }
            begun = nanoTime.getAsLong();
            held.set(permits);
            return true;
        }

        /** Called before the next octets are read; the thread sleeps and releases the permit. */
        void pause() {
            FairSemaphore permits = held.get();
            if (permits != null) {
                long parsed = nanoTime.getAsLong() - begun;
                LockSupport.parkNanos(
                        Math.min(LONGEST_REST, parsed * (permits == slow ? SLOW_REST : REST)));
            }
            end();
        }

        /** Releases the permit. */
        void end() {
            FairSemaphore permits = held.getAndSet(null);
            if (permits != null) {
                permits.release();
            }
        }
    }
}
