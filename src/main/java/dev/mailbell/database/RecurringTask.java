package dev.mailbell.database;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs an action repeatedly, with a pause in interval, until it is closed. A failure is logged;
 * while failures repeat, the pause doubles up to one minute.
 */
public final class RecurringTask implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RecurringTask.class);

    /** The longest pause after repeated failures. */
    private static final Duration MAX_PAUSE = Duration.ofMinutes(1);

    private final Thread thread;

    public RecurringTask(String name, Duration interval, Runnable action) {
        thread = Thread.ofVirtual().name(name).start(() -> loop(interval, action));
    }

    private static void loop(Duration interval, Runnable action) {
        Duration pause = interval;
        try {
            while (true) {
                Thread.sleep(pause);
                pause = succeeds(action) ? interval : shorter(pause.multipliedBy(2), MAX_PAUSE);
            }
        } catch (InterruptedException e) {
            log.debug("closed");
        }
    }

    private static boolean succeeds(Runnable action) {
        try {
            action.run();
            return true;
        } catch (RuntimeException e) {
            log.error("{}", e.getMessage(), e);
            return false;
        }
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** Interrupts a run under way and does not wait for its end. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
