package dev.mailbell.mail.connection;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.fairness.FairSemaphore;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits how many connections parse long responses at the same time. A virtual thread that parses
 * octets which have already arrived never blocks and occupies a core; without a limit a few
 * flooding servers would occupy all cores.
 *
 * <p>The first {@link #FREE} octets of a check need no permit. From then on a connection holds a
 * permit while it parses, and through reads that need no wait until it has parsed for {@link
 * #SLICE}, or to {@link Permit#end}. There are permits for half of the cores, and the thread sleeps
 * for three quarters of the time. After {@link #USUAL} octets there is a single permit for all
 * connections, and the thread sleeps for seven eighths of the time. The clients whose connections
 * wait take turns.
 *
 * <p>Over TLS only octets of the record that is decrypted have arrived. So a read of the next
 * record releases the permit, without a sleep before {@link #SLICE}: a permit is kept for one
 * record at most, 16 KiB.
 */
final class LongResponses {
    static final int FREE = 64 << 10;

    /** More octets than a listing of 100,000 messages. */
    static final int USUAL = 4 << 20;

    /** A thread that has parsed for t sleeps for 3 t, and holds its permit meanwhile. */
    private static final int REST = 3;

    /** The same after {@link #USUAL} octets. */
    private static final int SLOW_REST = 7;

    /** Shorter, the change of threads would cost more than the parsing. */
    static final long SLICE = Duration.ofMillis(1).toNanos();

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

        /** For how long the thread has parsed since it slept. */
        private long parsed;

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
            if (held.get() == permits) {
                begun = nanoTime.getAsLong();
                return true;
            }
            end();
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

        /**
         * Called before the next octets are read. The thread keeps the permit if the next octets
         * are there and it has parsed for less than {@link #SLICE}. Otherwise it releases the
         * permit; after a whole slice it sleeps first.
         *
         * @param arrived whether the next octets are there
         */
        void pause(BooleanSupplier arrived) {
            FairSemaphore permits = held.get();
            if (permits == null) {
                return;
            }
            parsed += nanoTime.getAsLong() - begun;
            if (parsed >= SLICE) {
                LockSupport.parkNanos(
                        Math.min(LONGEST_REST, parsed * (permits == slow ? SLOW_REST : REST)));
                parsed = 0;
            } else if (arrived.getAsBoolean()) {
                return;
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
