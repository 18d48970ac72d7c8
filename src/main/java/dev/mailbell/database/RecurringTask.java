package dev.mailbell.database;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does something again and again, a while apart, until it is closed. A failure is logged, and the
 * next turn comes all the same, if later and later.
 */
public final class RecurringTask implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RecurringTask.class);

    /** Between turns that fail one after the other. */
    private static final Duration LONGEST = Duration.ofMinutes(1);

    private final Thread thread;

    public RecurringTask(String name, Duration between, Runnable turn) {
        thread = Thread.ofVirtual().name(name).start(() -> go(between, turn));
    }

    private static void go(Duration between, Runnable turn) {
        Duration pause = between;
        try {
            while (true) {
                Thread.sleep(pause);
                pause = succeeds(turn) ? between : shorter(pause.multipliedBy(2), LONGEST);
            }
        } catch (InterruptedException e) {
            log.debug("closed");
        }
    }

    private static boolean succeeds(Runnable turn) {
        try {
            turn.run();
            return true;
        } catch (RuntimeException e) {
            log.error("{}", e.getMessage(), e);
            return false;
        }
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** Does not wait for a turn under way. */
    @Override
    public void close() {
        thread.interrupt();
    }
}
