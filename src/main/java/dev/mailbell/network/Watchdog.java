package dev.mailbell.network;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends work that exceeds its deadline by closing the resource on which it blocks. A read timeout is
 * not enough: a peer that sends one byte a second never exceeds it.
 *
 * <pre>{@code
 * try (Watchdog.Cut cut = watchdog.arm(deadline, socket::close)) {
 *     …
 * }
 * }</pre>
 *
 * One timer thread serves all cuts; the close action of a cut that fires runs on a virtual thread
 * of its own.
 */
public final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(
                    1, Thread.ofPlatform().daemon().name("mailbell-watchdog").factory());

    public Watchdog() {
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Closes the resource; it must make blocked calls return, and may be called at any moment. */
    @FunctionalInterface
    public interface CloseAction {
        void close() throws Exception;
    }

    /**
     * Arms a cut: the action runs when the deadline passes before the cut is closed or disarmed.
     *
     * @throws java.util.concurrent.RejectedExecutionException after {@link #close()}
     */
    public Cut arm(Deadline deadline, CloseAction action) {
        return new Cut(deadline, action);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** The cut of one resource at one deadline; closing it disarms it. */
    public final class Cut implements AutoCloseable {
        private enum State {
            ARMED,
            FIRED,
            DISARMED
        }

        private final AtomicReference<State> state = new AtomicReference<>(State.ARMED);
        private final ScheduledFuture<?> timeout;

        private Cut(Deadline deadline, CloseAction action) {
            timeout =
                    timer.schedule(
                            () -> fire(action), deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        }

        private void fire(CloseAction action) {
            if (state.compareAndSet(State.ARMED, State.FIRED)) {
                Thread.ofVirtual()
                        .name("mailbell-watchdog-close")
                        .start(() -> {
                            try {
                                action.close();
                            } catch (Exception e) {
                                LOG.debug("closing a resource at its deadline failed", e);
                            }
                        });
            }
        }

        /**
         * True once the deadline has passed while the cut was armed: the resource is being closed,
         * and later failures come from that.
         */
        public boolean hasFired() {
            return state.get() == State.FIRED;
        }

        /**
         * Disarms the cut; may be called again.
         *
         * @return false when the cut has fired: the resource is being closed
         */
        public boolean disarm() {
            if (state.compareAndSet(State.ARMED, State.DISARMED)) {
                timeout.cancel(false);
            }
            return !hasFired();
        }

        @Override
        public void close() {
            disarm();
        }
    }
}
