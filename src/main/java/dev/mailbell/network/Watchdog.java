package dev.mailbell.network;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends work that outlives its deadline by closing what it blocks on. A read timeout does not do
 * that: a peer that sends one byte a second never runs into it.
 *
 * <pre>{@code
 * try (Watchdog.Cut cut = watchdog.arm(deadline, socket::close)) {
 *     …
 * }
 * }</pre>
 *
 * One thread keeps the time for all; a cut itself, which is rare, runs on a virtual thread.
 */
public final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(
                    1, Thread.ofPlatform().daemon().name("mailbell-watchdog").factory());

    public Watchdog() {
        timer.setRemoveOnCancelPolicy(true);
    }

    /** What ends the work: it must make blocked calls return, and may be called at any moment. */
    @FunctionalInterface
    public interface Blade {
        void cut() throws Exception;
    }

    /**
     * Cuts when the deadline passes before the answer is closed.
     *
     * @throws java.util.concurrent.RejectedExecutionException after {@link #close()}
     */
    public Cut arm(Deadline deadline, Blade blade) {
        return new Cut(deadline, blade);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** An armed cut; closing disarms it. */
    public final class Cut implements AutoCloseable {
        private enum State {
            ARMED,
            FIRED,
            DISARMED
        }

        private final AtomicReference<State> state = new AtomicReference<>(State.ARMED);
        private final ScheduledFuture<?> alarm;

        private Cut(Deadline deadline, Blade blade) {
            alarm =
                    timer.schedule(
                            () -> fire(blade), deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        }

        private void fire(Blade blade) {
            if (state.compareAndSet(State.ARMED, State.FIRED)) {
                Thread.ofVirtual()
                        .name("mailbell-cut")
                        .start(() -> {
                            try {
                                blade.cut();
                            } catch (Exception e) {
                                LOG.debug("what was cut off did not close well", e);
                            }
                        });
            }
        }

        /** True once the deadline has passed while armed: a failure now is the cut's doing. */
        public boolean hasFired() {
            return state.get() == State.FIRED;
        }

        /**
         * Disarms, once or many times.
         *
         * @return false when it was too late: what was guarded is being cut off
         */
        public boolean disarm() {
            if (state.compareAndSet(State.ARMED, State.DISARMED)) {
                alarm.cancel(false);
            }
            return !hasFired();
        }

        @Override
        public void close() {
            disarm();
        }
    }
}
